"""Everything the study uses of Streamlit beyond its public interface. No other module relies on such a part.

`messages`, `drawn_page` and `page_client` speak the page's websocket; `launch`, `http_protocol` and `options` start a
server; `addresses`, `media` and `page_selectors` find sounds and elements on a page. All of it was read in Streamlit
1.67, and `tests/test_streamlit_internals.py` has a test for each assumption: to support a newer Streamlit, run them
with it, correct what they name, and raise the upper bound in pyproject.toml.
"""
