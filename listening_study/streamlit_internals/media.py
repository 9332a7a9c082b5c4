"""Bytes that a page's own player can fetch: Streamlit's store of media files, which only its widgets use."""

from streamlit import runtime

from listening_study.streamlit_internals.parts import part


def media_address(content: bytes, mime_type: str, key: str) -> str:
    """Where the open page finds these bytes, for as long as it shows them; "" in a test without a server.

    key : where on the page they are shown; the same key with other bytes replaces them
    """
    if not runtime.exists():
        return ""
    files = part(runtime.get_instance(), "media_file_mgr", "to serve a clip to the study's own player")
    address: str = files.add(content, mime_type, key)
    return address
