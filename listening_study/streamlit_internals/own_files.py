"""Streamlit's own files, as a slow connection needs them: 3.1 MB become 0.6.

Streamlit leaves compression to a proxy and sends an empty page that its script fills; before that, it loads a font of
icons that a page without icons never shows. Here each file is compressed once, when it is first asked for; the page has
words of the study until the app has drawn its own; and a font of icons comes when an icon does.
"""

import gzip
import re
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import parse_qsl

from anyio import to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from listening_study.streamlit_internals.page_selectors import DRAWN

TEXT = re.compile(r"text/|application/(javascript|json|manifest)|image/svg")
HTML = "text/html"
ROOT = '<div id="root"></div>'  # what Streamlit's script fills
FONT = re.compile(r'<link\s+rel="preload"[^>]*as="font"[^>]*>')  # of letters that the study's page does not use
SMALLEST = 500  # bytes that are worth compressing
# The font that Streamlit's first screen has before it knows the theme: the system's, so that none is loaded.
OWN_FONT = """@font-face {
  font-family: "Source Sans"; font-weight: 100 900;
  src: local("Segoe UI"), local("Helvetica Neue"), local("Roboto"), local("Noto Sans"), local("Arial"),
    local("DejaVu Sans");
}"""
ICONS_LATER = """<script>{
  const load = document.fonts.load.bind(document.fonts)
  document.fonts.load = (font, ...rest) => /Material Symbols/.test(font) ? Promise.resolve([]) : load(font, ...rest)
}</script>"""


@dataclass(frozen=True)
class FirstPage:
    """What the page shows before the app does.

    language : its code; style : CSS; words : HTML, shown until the app has drawn something
    """

    language: str
    title: str
    style: str
    words: str


First = Callable[[Sequence[str], Mapping[str, str]], FirstPage]


@dataclass(frozen=True)
class _Response:
    status: int
    headers: Headers
    body: bytes


class OwnFiles:
    """An ASGI app around the one that serves Streamlit's own files.

    first : what the page shows first, by the languages that a browser prefers and the query of its address
    """

    def __init__(self, files: ASGIApp, first: First | None = None) -> None:
        self._files = files
        self._first = first
        self._kept: dict[str, _Response] = {}  # compressed; only files whose name has a hash of what they hold

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = Headers(scope=scope) if scope["type"] == "http" else Headers()
        if scope.get("method") != "GET" or "range" in asked or "gzip" not in asked.get("accept-encoding", ""):
            await self._files(scope, receive, send)
            return
        response = self._kept.get(scope["path"]) or await self._compressed(scope, asked, receive)
        await send({"type": "http.response.start", "status": response.status, "headers": response.headers.raw})
        await send({"type": "http.response.body", "body": response.body})

    async def _compressed(self, scope: Scope, asked: Headers, receive: Receive) -> _Response:
        found = await _read(self._files, _unconditional(scope), receive)
        kind = found.headers.get("content-type", "")
        body = found.body
        if found.status != 200 or len(body) < SMALLEST or not TEXT.match(kind):
            return found
        if kind.startswith(HTML) and self._first:
            query = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1")))
            body = with_words(body.decode(), self._first(_languages(asked), query)).encode()
        packed = await to_thread.run_sync(gzip.compress, body)
        headers = MutableHeaders(raw=list(found.headers.raw))
        for name in ("etag", "last-modified"):  # of the file as it is
            del headers[name]
        headers["content-encoding"], headers["content-length"] = "gzip", str(len(packed))
        headers.add_vary_header("Accept-Encoding")
        if kind.startswith(HTML):
            headers.add_vary_header("Accept-Language")
        response = _Response(found.status, Headers(raw=headers.raw), packed)
        if "immutable" in headers.get("cache-control", ""):
            self._kept[scope["path"]] = response
        return response


def with_words(page: str, first: FirstPage) -> str:
    """Streamlit's page with words that are there until the app has drawn its own."""
    page = FONT.sub("", page).replace('<html lang="en">', f'<html lang="{escape(first.language)}">')
    page = re.sub("<title>.*?</title>", lambda _: f"<title>{escape(first.title)}</title>", page)
    gone = f"body:has({DRAWN}) #first {{ display: none; }}"
    page = page.replace("</head>", f"<style>{OWN_FONT}{first.style}{gone}</style>{ICONS_LATER}</head>", 1)
    return page.replace(ROOT, f'{ROOT}<main id="first">{first.words}</main>', 1)


async def _read(app: ASGIApp, scope: Scope, receive: Receive) -> _Response:
    """All of an app's response."""
    start: MutableMapping[str, Any] = {}
    parts: list[bytes] = []

    async def take(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, take)
    return _Response(start["status"], Headers(raw=list(start["headers"])), b"".join(parts))


def _unconditional(scope: Scope) -> Scope:
    """A request for the whole file, whatever the browser has of it."""
    kept = [(name, value) for name, value in scope["headers"] if not name.startswith(b"if-")]
    return {**scope, "headers": kept}


def _languages(asked: Headers) -> list[str]:
    """Those that a browser prefers, best first, as it lists them."""
    return [one.split(";")[0].strip() for one in asked.get("accept-language", "").split(",") if one.strip()]
