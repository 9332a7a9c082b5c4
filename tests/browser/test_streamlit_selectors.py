"""In a real browser: every element of Streamlit's page that the study styles or watches is found by its selector."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from app_server import AppServer, running

from listening_study.streamlit_internals import page_selectors, parts

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

APP = """
import streamlit as st

with st.form("a form"):
    st.radio("A scale", range(1, 4), captions=["low", "", "high"], horizontal=True)
    st.form_submit_button("Send", type="primary")
st.checkbox("A box")
st.button("Go on", type="primary")
st.code("C0FFEE", language=None)
st.link_button("Back", "https://example.org")
st.button("A link", type="tertiary")
"""


def test_every_selector_finds_its_element_and_a_lost_connection_is_seen(browser: "Browser", tmp_path: Path) -> None:
    script = tmp_path / "app.py"
    script.write_text(APP)
    server = AppServer(script, log=tmp_path / "log")
    with running(server):
        page = browser.new_page()
        page.goto(server.url)
        page.get_by_text("A link").wait_for()
        page.get_by_text("C0FFEE").wait_for()  # what shows code is loaded after the rest
        for name, selector in page_selectors.SELECTORS.items():
            parts.require(page.locator(selector).count() > 0, f"the element {selector}", f"as ${name} in style.css")
        state = page.locator(page_selectors.APP).get_attribute(page_selectors.SCRIPT_STATE)
        parts.require(state is not None, page_selectors.SCRIPT_STATE, "to move the focus once a screen is drawn")
        assert page.locator(page_selectors.CONNECTION_STATUS).count() == 0
        server.kill()
        page.locator(page_selectors.CONNECTION_STATUS).wait_for(state="attached")
        page.close()
