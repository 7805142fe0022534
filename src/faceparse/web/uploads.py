"""Bodies of requests, read with suspicion: length and type are claims; what arrives is counted and decoded."""

import anyio
from starlette.requests import ClientDisconnect, Request

from faceparse import images
from faceparse.types import Image
from faceparse.web.config import ServerConfig
from faceparse.web.refusals import Refusal

_MEGABYTE = 1024 * 1024


def check_claim(request: Request, config: ServerConfig) -> None:
    """Turn a body away by the length that it claims, before it is read.

    Raises:
        Refusal: 413.
    """
    claimed = request.headers.get("content-length", "")
    if claimed.isdecimal() and int(claimed) > config.max_bytes:
        raise _too_long(config)


async def read_body(request: Request, config: ServerConfig) -> bytes:
    """The whole body, of which no more than the limit is ever held.

    Raises:
        Refusal: 413 for more than the limit, 408 where it takes too long, 400 where the client left.
    """
    body = bytearray()
    try:
        with anyio.fail_after(config.upload_seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > config.max_bytes:
                    raise _too_long(config)
    except TimeoutError:
        sentence = f"the photo did not arrive within {config.upload_seconds:g} seconds; try again"
        raise Refusal(408, sentence) from None
    except ClientDisconnect:
        raise Refusal(400, "the client left while it was sending") from None
    return bytes(body)


def decode(body: bytes, config: ServerConfig) -> Image:
    """The body as a photo, whatever type it claimed to be of; its size is checked before it is decoded.

    Raises:
        DataError: not a PNG, JPEG or WebP, or damaged.
        Refusal: 413 for too many pixels.
    """
    width, height = images.read_size(body, "the photo")
    if width * height > config.max_pixels:
        raise Refusal(
            413,
            f"the photo: {width * height / 1e6:.0f} megapixels, where {config.max_pixels / 1e6:g} are the limit here; "
            "make it smaller first",
        )
    return images.read_image(body, "the photo")


def _too_long(config: ServerConfig) -> Refusal:
    limit = config.max_bytes / _MEGABYTE
    return Refusal(413, f"the photo: more than {limit:.3g} MB, which is the limit here; make it smaller first")
