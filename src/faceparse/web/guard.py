"""Headers that keep the page to itself, and requests that other sites' pages send turned away."""

import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from faceparse.web.refusals import as_json

HEADERS = {
    # blob: the photo and the pictures that are made of it, which never leave the page
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        "media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Guard:
    """Outermost but for the server: every response gets `HEADERS`, and only requests meant for us go on.

    A page of another site may send requests to 127.0.0.1, under a name of its own (DNS rebinding) or as a form does.
    It could not read what comes back, but it could keep the server busy.

    Args:
        hosts: names under which we answer, ports aside; empty for any.
    """

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...]):
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        refused = self._why_not(Headers(scope=scope))
        if refused:
            await as_json(403, refused)(scope, receive, send_guarded)
        else:
            await self._app(scope, receive, send_guarded)

    def _why_not(self, headers: Headers) -> str | None:
        host = headers.get("host", "")
        if self._hosts and re.sub(r":\d+$", "", host) not in self._hosts:
            return f"asked for as '{host[:80]}', where this server answers to {', '.join(self._hosts)}; see --host"
        origin = headers.get("origin")
        fetched = headers.get("sec-fetch-site") == "cross-site" and headers.get("sec-fetch-mode") != "navigate"
        if fetched or (origin is not None and urlsplit(origin).netloc != host):
            return "sent by another site's page, where only this server's own page and programs may ask"
        return None
