"""`faceparse serve`: the web page, for whoever would rather not type."""

from typing import Literal

from faceparse.cli.arguments import call
from faceparse.console import log
from faceparse.errors import UsageError


def main(arguments: list[str]) -> int:
    """Run `faceparse serve`."""
    return call(serve, arguments, "serve")


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    model: str = "compact",
    device: Literal["auto", "cpu", "cuda"] = "auto",
    workers: int = 2,
    rate: float = 120.0,
    faces: bool = False,
) -> int:
    """Serve a web page that shows the parts of the face in a photo: dropped, pasted, chosen or taken by camera.

    faceparse serve --port 8000

    It answers this machine alone unless --host opens it. Nothing is stored. Programs may POST a photo to /api/parse.

    Args:
        host: address to listen at; 0.0.0.0 opens the page to everyone who can reach this machine.
        port: 0 takes any that is free.
        model: a shipped model, an .onnx file, or a run or checkpoint folder that was exported.
        device: auto takes a GPU where the installed onnxruntime can use one.
        workers: photos that are parsed at the same time; each takes some 0.4 GB at 12 megapixels.
        rate: photos a minute that one client may send; 0 for no limit.
        faces: find every face in a photo, of any size and at any angle; needs the extra wild.
    """
    if workers < 1:
        raise UsageError(f"--workers {workers}: at least 1 photo has to be parsed at a time")

    from faceparse.infer.parser import Parser
    from faceparse.infer.wild.detect import load_detector
    from faceparse.web import serving
    from faceparse.web.config import ServerConfig
    from faceparse.web.server import build

    local = serving.is_local(host)
    hosts = (*ServerConfig.hosts, host) if local else ()
    config = ServerConfig(workers=workers, requests_per_minute=rate, hosts=hosts)
    parser = Parser.load(model, device)
    if faces:
        load_detector()  # what is missing is said now, and not to whoever sends the first photo
    app = build(parser.parse_faces if faces else parser, config, model, faces)
    with serving.listen(host, port) as listening:
        if not local:
            log.warning("--host %s: open to whoever reaches this machine; no password, no TLS", host)
        shown = f"[{host}]" if ":" in host else host
        print(f"faceparse is at http://{shown}:{listening.getsockname()[1]} (Ctrl-C stops it)", flush=True)
        serving.run(app, listening)
    return 0
