"""The answers to requests: the files of the page, who may have them, and what a browser may do with them; pure."""

from functools import cache
from http import HTTPStatus
from importlib.resources import files
from typing import Final, NamedTuple
from urllib.parse import parse_qs, urlsplit

from streammi.web.access import COOKIE, Access
from streammi.web.colours import sheet

SOCKET: Final = "/live"
# Whatever a name may try: nothing runs but our own files, nothing is fetched from anywhere else, nobody frames it.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
    "LICENSE": "text/plain; charset=utf-8",
}
OPEN: Final = ("/page.css", "/colours.css", "/icon.svg")  # to whoever asks: what the form for the token looks like


class Answer(NamedTuple):
    """An answer: its status, headers and body."""

    status: HTTPStatus
    headers: dict[str, str]
    body: bytes


@cache
def pages() -> dict[str, tuple[str, bytes]]:
    """All there is, by its path: its type and its content."""
    folder = files("streammi.web") / "static"
    suffixes = ((file, file.name.rpartition(".")[2]) for file in folder.iterdir())
    found = {f"/{file.name}": (TYPES[suffix], file.read_bytes()) for file, suffix in suffixes if suffix in TYPES}
    found["/colours.css"] = TYPES["css"], sheet().encode()
    found["/"] = found.pop("/index.html")
    return found


def answer(method: str, target: str, headers: dict[str, str], access: Access) -> Answer | None:
    """The answer to a request; None for one that is to become a WebSocket. ``headers`` are named in lower case."""
    host = headers.get("host")
    if not access.knows(host):
        said = f"This page is not known as {host or 'nothing'}: give it --allow-host, if it should be.\n"
        return _plain(HTTPStatus.MISDIRECTED_REQUEST, said)
    if method not in ("GET", "HEAD"):
        return _plain(HTTPStatus.METHOD_NOT_ALLOWED, "Nothing can be sent here.\n", Allow="GET, HEAD")
    url = urlsplit(target)
    given = parse_qs(url.query).get("token", [None])[0]
    if url.path not in OPEN and not access.admits(headers.get("cookie"), given):
        return _refused(url.path, wrong=given is not None)
    if url.path == SOCKET:
        if not access.same_origin(headers.get("origin"), host):
            return _plain(HTTPStatus.FORBIDDEN, "This comes from another page.\n")
        return None
    if url.path == "/" and given is not None:  # the token is to stand in no list of visited pages
        cookie = f"{COOKIE}={access.cookie}; Path=/; HttpOnly; SameSite=Lax"
        more = {"Set-Cookie": cookie} if access.token is not None else {}
        return _plain(HTTPStatus.SEE_OTHER, "", Location="/", **more)
    return _file(url.path, headers.get("if-none-match"), head=method == "HEAD")


def _file(path: str, known: str | None, *, head: bool) -> Answer:
    kind, body = pages().get(path, ("", b""))
    if not kind or path == "/sign-in.html":
        return _plain(HTTPStatus.NOT_FOUND, "Nothing is here: the page is at /\n")
    tag = f'"{_tag(path)}"'
    more = {"Content-Type": kind, "ETag": tag, "Cache-Control": "no-cache"}
    if known == tag:
        return _made(HTTPStatus.NOT_MODIFIED, b"", more)
    return _made(HTTPStatus.OK, b"" if head else body, {**more, "Content-Length": str(len(body))})


@cache
def _tag(path: str) -> str:
    from hashlib import sha256

    return sha256(pages()[path][1]).hexdigest()[:24]


def _refused(path: str, *, wrong: bool) -> Answer:
    """A form for the token to a person, a word to a program."""
    if path != "/":
        return _plain(HTTPStatus.UNAUTHORIZED, "A token is needed.\n")
    kind, body = pages()["/sign-in.html"]
    if wrong:
        body = body.replace(b"<p hidden ", b"<p ")
    more = {"Content-Type": kind, "Cache-Control": "no-store", "Content-Length": str(len(body))}
    return _made(HTTPStatus.UNAUTHORIZED, body, more)


def _plain(status: HTTPStatus, said: str, **more: str) -> Answer:
    body = said.encode("utf-8", "replace")
    headers = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
    return _made(status, body, {**headers, "Content-Length": str(len(body)), **more})


def _made(status: HTTPStatus, body: bytes, more: dict[str, str]) -> Answer:
    return Answer(status, {**HEADERS, **more, "Connection": "close"}, body)
