"""The server on a socket, until it is told to stop."""

import errno
import ipaddress
import os
import socket

import uvicorn
from starlette.applications import Starlette

from faceparse.errors import FaceparseError, UsageError

_MOST_CONNECTIONS = 512
"""Open at the same time, idle ones included; each holds some 64 KB at most while its body is unread."""


def is_local(host: str) -> bool:
    """Whether only this machine can reach what listens there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes any that is free.

    Raises:
        UsageError: no such address here, or no port of this number.
        FaceparseError: another program has the port, or it may not be taken.
    """
    if not 0 <= port <= 65535:
        raise UsageError(f"--port {port}: ports are 0 to 65535, 0 for any that is free")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        # Python gives a name that cannot be resolved as an OSError with the resolver's number, which is negative
        if error.errno is None or error.errno < 0 or error.errno == errno.EADDRNOTAVAIL:
            raise UsageError(f"--host {host}: no such address on this machine; take 127.0.0.1 or 0.0.0.0") from error
        reason = os.strerror(error.errno).lower()
        raise FaceparseError(f"cannot listen at {host}, port {port} ({reason}); choose another --port") from error


def run(app: Starlette, listening: socket.socket) -> None:
    """Answer until the process is interrupted."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,  # who asks is nobody's business
        server_header=False,
        proxy_headers=False,  # anyone can write X-Forwarded-For, and the limit a client counts by address
        ws="none",
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=5,
    )
    uvicorn.Server(config).run(sockets=[listening])
