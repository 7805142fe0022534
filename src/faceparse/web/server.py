"""The server: a page of static files, and three addresses behind it. Nothing that is sent is stored or logged.

GET  /api/about                     the table of classes and the limits
POST /api/parse?write=ids           a photo's bytes -> PNG (ids, color, overlay) or json
POST /api/cut-out?part=hair         a photo's bytes -> PNG with transparency
"""

import contextlib
import json
import math
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from faceparse import __version__
from faceparse.classes import CLASSES, NAMES, class_id
from faceparse.errors import FaceparseError
from faceparse.infer.parser import Parsed
from faceparse.web import answers, refusals, uploads
from faceparse.web.config import ServerConfig
from faceparse.web.guard import Guard
from faceparse.web.queue import Queue
from faceparse.web.rates import RateLimiter, client_name
from faceparse.web.refusals import Refusal

PAGE = Path(__file__).parent / "page"

Parse = Callable[[np.ndarray], Parsed]


def build(parse: Parse, config: ServerConfig | None = None, model: str = "compact", faces: bool = False) -> Starlette:
    """The server as an ASGI application.

    Args:
        parse: a `Parser`, or anything that makes of a uint8 RGB array what it makes; called from several threads.
        model: what the page calls it.
        faces: whether `parse` finds every face of a photo, which the page then says.
    """
    config = config or ServerConfig()
    service = _Service(parse, config, model, faces)
    return Starlette(
        routes=[
            Mount(
                "/api",
                routes=[
                    Route("/about", service.about),
                    Route("/parse", service.parse, methods=["POST"]),
                    Route("/cut-out", service.cut_out, methods=["POST"]),
                ],
            ),
            Mount("/", StaticFiles(directory=PAGE, html=True)),
        ],
        middleware=[Middleware(Guard, hosts=config.hosts)],
        exception_handlers={
            FaceparseError: refusals.tell,
            HTTPException: refusals.tell_of_route,
            Exception: refusals.tell_of_mistake,
        },
        lifespan=service.lifespan,
    )


class _Service:
    """What the addresses do."""

    def __init__(self, parse: Parse, config: ServerConfig, model: str, faces: bool):
        self._parse = parse
        self._config = config
        self._model = model
        self._faces = faces
        self._rates = RateLimiter(config.requests_per_minute, config.burst)

    @contextlib.asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        self._queue = Queue(self._config)  # its gates belong to the event loop that runs now
        yield

    async def about(self, _: Request) -> Response:
        """The table of classes, which the page has its names and colours from, and the limits."""
        classes = [{"id": row.id, "name": row.name, "color": row.hex_color, "mirror": row.mirror} for row in CLASSES]
        limits = {"bytes": self._config.max_bytes, "pixels": self._config.max_pixels}
        about = {"version": __version__, "model": self._model, "faces": self._faces}
        return JSONResponse({**about, "classes": classes, "limits": limits})

    async def parse(self, request: Request) -> Response:
        """A photo's label map, or a picture or the numbers of it."""
        kind = answers.check_kind(request.query_params.get("write", "ids"))
        encode = answers.PICTURES.get(kind, _encoded_json)
        content = await self._answer(request, encode)
        return Response(content, media_type="application/json" if kind == "json" else "image/png")

    async def cut_out(self, request: Request) -> Response:
        """One part of a photo, the rest transparent."""
        name = NAMES[class_id(request.query_params.get("part", ""))]
        content = await self._answer(request, lambda parsed: answers.cut_out(parsed, name))
        return Response(content, media_type="image/png")

    async def _answer(self, request: Request, encode: Callable[[Parsed], bytes]) -> bytes:
        """Wait, read, decode, parse and encode; what was read is gone with the answer."""
        wait = self._rates.seconds_to_wait(client_name(request.client.host if request.client else None))
        if wait:
            raise Refusal(429, "too many photos within a minute; try again shortly", math.ceil(wait))
        uploads.check_claim(request, self._config)
        async with self._queue.place():
            body = await uploads.read_body(request, self._config)
            if await request.is_disconnected():
                raise Refusal(400, "the client left while it was waiting")
            return await self._queue.work(lambda: encode(self._parse(uploads.decode(body, self._config))))


def _encoded_json(parsed: Parsed) -> bytes:
    return json.dumps(answers.describe(parsed)).encode()
