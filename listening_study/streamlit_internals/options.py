"""How both pages are served: options of Streamlit's command line, and what uvicorn reads from the environment.

Everything is given by flag: nothing depends on a `.streamlit` folder of the user or of the working directory. Some
options are hidden or undocumented (`HIDDEN`); a Streamlit that has dropped one refuses to start.
"""

PROXY_VARIABLE = (
    "FORWARDED_ALLOW_IPS"  # uvicorn's: the proxy whose forwarded addresses it trusts; by default, this machine
)

SETTINGS = {
    "browser.gatherUsageStats": "false",
    "client.allowedOrigins": "",  # otherwise pages of Streamlit's own hosts may control an app that they embed
    "client.showErrorDetails": "none",
    "client.showSidebarNavigation": "false",
    "client.toolbarMode": "viewer",
    "logger.hideWelcomeMessage": "true",
    "logger.level": "warning",
    "runner.magicEnabled": "false",
    "runner.postScriptGC": "false",  # a full collection after each run of a page: six times the work of the page itself
    "server.enableCORS": "true",
    "server.enableStaticServing": "false",
    "server.enableXsrfProtection": "true",
    "server.fileWatcherType": "none",
    "server.headless": "true",
    "server.maxUploadSize": "0",
    "server.runOnSave": "false",
    "server.websocketPingInterval": "30",  # seconds, and as many more to answer: then the page is gone
    "theme.baseRadius": "12px",
    "theme.font": "system-ui, sans-serif",  # Streamlit's own would be 170 kB more to load
    "theme.showWidgetBorder": "true",  # and both 3:1 against the page
    "theme.light.borderColor": "#7d8583",
    "theme.dark.borderColor": "#7d8785",
    "theme.light.primaryColor": "#2f6f6d",
    "theme.light.backgroundColor": "#fbfaf7",
    "theme.light.secondaryBackgroundColor": "#efede6",
    "theme.light.textColor": "#22292b",
    "theme.dark.primaryColor": "#367d7a",
    "theme.dark.backgroundColor": "#14191b",
    "theme.dark.secondaryBackgroundColor": "#1f2729",
    "theme.dark.textColor": "#e8ecec",
}
# What a participant's page may send and receive at once, in MB; the dashboard's tables need more.
SMALL_MESSAGES = {"server.maxMessageSize": "2", "server.maxWidgetStateSize": "1"}

HIDDEN = ("client.allowedOrigins", "logger.hideWelcomeMessage", "runner.postScriptGC", "server.maxWidgetStateSize")


def site_settings(address: str, port: int) -> dict[str, str]:
    """Where a server listens.

    >>> site_settings("127.0.0.1", 8501)
    {'server.address': '127.0.0.1', 'server.port': '8501'}
    """
    return {"server.address": address, "server.port": str(port)}


def public_settings(host: str, port: int, path: str) -> dict[str, str]:
    """Where participants find it behind a proxy; `path` may be empty.

    >>> public_settings("example.org", 443, "study")["server.baseUrlPath"]
    'study'
    """
    there = {"browser.serverAddress": host, "browser.serverPort": str(port)}
    return there | ({"server.baseUrlPath": path} if path else {})
