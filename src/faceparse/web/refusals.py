"""What a client is told instead of an answer: a status and the sentence of one of our errors, as JSON."""

from starlette.requests import Request
from starlette.responses import JSONResponse

from faceparse.errors import FaceparseError, UsageError


class Refusal(FaceparseError):
    """A request that is not carried out, for a reason that HTTP has a status for.

    Args:
        retry_after: seconds after which another try may succeed.
    """

    def __init__(self, status: int, sentence: str, retry_after: int | None = None):
        super().__init__(sentence)
        self.status = status
        self.retry_after = retry_after


def as_json(status: int, sentence: str, retry_after: int | None = None) -> JSONResponse:
    """A refusal as a response."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return JSONResponse({"error": sentence}, status, headers)


async def tell(_: Request, error: Exception) -> JSONResponse:
    """Our own errors: 422 for a picture that is none, 400 for a request that is wrong, or the refusal's own status."""
    if isinstance(error, Refusal):
        return as_json(error.status, str(error), error.retry_after)
    return as_json(400 if isinstance(error, UsageError) else 422, str(error))


async def tell_of_route(request: Request, error: Exception) -> JSONResponse:
    """Starlette's own refusals: no such address, or another method."""
    status = getattr(error, "status_code", 500)
    what = {404: "there is nothing at", 405: f"{request.method} is not what is asked of"}
    return as_json(status, f"{what.get(status, 'cannot be done:')} {request.url.path}")


async def tell_of_mistake(_: Request, __: Exception) -> JSONResponse:
    """A mistake of ours: the traceback goes to the server's own standard error, never to a client."""
    return as_json(500, "the server made a mistake, which its own log tells more of; the photo was not kept")
