"""Where a Streamlit server answers, below the address of the page."""

import re

HEALTH = "/_stcore/health"  # 200 once it serves pages; sets the XSRF cookie
STREAM = "/_stcore/stream"  # the page's websocket
MEDIA = re.compile(r"/media/[\w.-]+")  # a sound or picture: the hash of its bytes and a suffix
# Every folder that Streamlit serves files from, and two ways to climb out of one.
FILE_ROOTS = ("", "static/", "app/static/", "media/", "component/", "_stcore/", "..%2f", "static/..%2f..%2f")
