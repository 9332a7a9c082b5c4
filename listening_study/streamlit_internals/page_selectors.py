"""Elements of Streamlit's page, for our CSS and JavaScript. Their test ids are not documented and change with versions.

What is named by a key of ours (`key="language"` gives the class `st-key-language`) is documented, and is not listed.
"""

from string import Template


def _test_id(name: str) -> str:
    return f'[data-testid="{name}"]'


# By the names that style.css uses, as `$header`.
SELECTORS = {
    "header": _test_id("stHeader"),  # the bar on top, which a participant has no use for
    "column": _test_id("stMainBlockContainer"),  # all that the app draws
    "form": _test_id("stForm"),
    "checkbox": _test_id("stCheckbox"),
    "radio_options": _test_id("stRadioGroup"),
    "radio_option": _test_id("stRadioOption"),
    "label": _test_id("stWidgetLabel"),
    "code": _test_id("stCode"),  # to copy
    "link_button": _test_id("stLinkButton"),
    "primary_button": 'button[kind="primary"]',
    "tertiary_button": 'button[kind="tertiary"]',
}

DRAWN = f"{_test_id('stMainBlockContainer')} {_test_id('stElementContainer')}"  # there once the app has drawn something

# For page.js.
APP = _test_id("stApp")
SCRIPT_STATE = "data-test-script-state"  # attribute of the app: "running" while a screen is drawn
RUNNING = "running"
CONNECTION_STATUS = _test_id("stConnectionStatus")  # there while the connection is lost


def with_selectors(css: str) -> str:
    """A style sheet with the names of elements replaced by their selectors.

    >>> with_selectors("$header { display: none; }")
    '[data-testid="stHeader"] { display: none; }'
    """
    return Template(css).substitute(SELECTORS)


def button_of(key: str) -> str:
    """The button with this key of ours.

    >>> button_of("withdraw")
    '.st-key-withdraw button'
    """
    return f".st-key-{key} button"


def page_parts() -> dict[str, str]:
    """What page.js needs to know."""
    return {"app": APP, "scriptState": SCRIPT_STATE, "running": RUNNING, "connectionStatus": CONNECTION_STATUS}
