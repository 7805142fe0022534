"""What the server allows."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ServerConfig:
    """Limits of the server. Memory is bounded by `uploads` bodies and `workers` decoded photos, whoever asks.

    Attributes:
        max_bytes: of one upload.
        max_pixels: of one photo; checked before it is decoded. 24 megapixels are 72 MB as RGB.
        workers: photos that are parsed at the same time; the network uses every core for one already, so a second
            only decodes and encodes meanwhile.
        uploads: bodies that are in memory at the same time; others wait in their connections, unread.
        capacity: requests that may be inside, the waiting ones included; the next is told to come back.
        upload_seconds: in which a body has to arrive once it is being read.
        requests_per_minute: of one client in the long run; 0 for no limit.
        burst: requests that a client may send at once.
        hosts: names under which the server answers; empty for any.
    """

    max_bytes: int = 20 * 1024 * 1024
    max_pixels: int = 24_000_000
    workers: int = 2
    uploads: int = 8
    capacity: int = 128
    upload_seconds: float = 30.0
    requests_per_minute: float = 120.0
    burst: int = 60
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
