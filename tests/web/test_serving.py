"""`faceparse serve` as a process: where it listens, what it warns of, what it says when it cannot."""

import http.client
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("uvicorn", reason="the extra `web` is not installed")

from faceparse import images
from faceparse.web import serving
from real_server import served
from stand_ins import faceparse


def connected(address: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(address.removeprefix("http://"), timeout=60)


def test_a_photo_is_parsed_over_a_real_connection(address: str, photo: bytes, painted: np.ndarray):
    with urllib.request.urlopen(f"{address}/api/parse", photo, timeout=60) as answer:
        np.testing.assert_array_equal(images.read_labels(answer.read()), painted)


def test_an_upload_that_claims_too_much_is_answered_without_being_read(address: str):
    connection = connected(address)
    connection.putrequest("POST", "/api/parse")
    connection.putheader("Content-Length", str(10**12))
    connection.endheaders()
    answer = connection.getresponse()
    assert (answer.status, b"more than 20 MB" in answer.read()) == (413, True)
    connection.close()


def test_an_upload_that_lies_about_its_length_is_cut_off_at_the_limit(address: str):
    connection = connected(address)
    connection.putrequest("POST", "/api/parse")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    for _ in range(21):
        connection.send(b"100000\r\n" + bytes(0x100000) + b"\r\n")
    answer = connection.getresponse()
    assert (answer.status, b"more than 20 MB" in answer.read()) == (413, True)
    connection.close()


def test_only_this_machine_is_served_unless_told_otherwise(stand_in: Path):
    with served("--model", stand_in) as (process, address):
        assert address.startswith("http://127.0.0.1:")
        process.terminate()
        assert process.stderr is not None
        assert process.stderr.read() == ""
    with served("--model", stand_in, "--host", "0.0.0.0") as (process, address):
        port = address.rpartition(":")[2]
        with urllib.request.urlopen(f"http://localhost:{port}/api/about", timeout=60) as answer:
            assert answer.status == 200
        process.terminate()
        assert process.stderr is not None
        warning = process.stderr.read()
        assert warning.count("\n") == 1
        assert "--host 0.0.0.0: open to whoever reaches this machine; no password, no TLS" in warning


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--port", "70000"), 2, "--port 70000: ports are 0 to 65535, 0 for any that is free"),
        (("--host", "nowhere.invalid"), 2, "--host nowhere.invalid: no such address on this machine"),
        (("--workers", "0"), 2, "--workers 0: at least 1 photo has to be parsed at a time"),
        (("--model", "compcat"), 2, "unknown model 'compcat'"),
    ],
)
def test_what_cannot_be_served_is_told(arguments: tuple[str, ...], code: int, said: str):
    done = faceparse("serve", *arguments, timeout=120)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1)
    assert done.stderr.startswith(f"faceparse: {said}")


def test_a_port_in_use_is_told():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = faceparse("serve", "--port", port, timeout=120)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"cannot listen at 127.0.0.1, port {port} (address already in use); choose another --port" in done.stderr


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("127.0.0.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False)],
)
def test_what_is_local(host: str, local: bool):
    assert serving.is_local(host) is local


def test_a_missing_extra_is_named():
    code = (
        "import sys; sys.modules['starlette'] = sys.modules['uvicorn'] = None\n"
        "from faceparse.cli.main import main; main(['serve', '--port', '0'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert done.stderr.startswith("faceparse: this needs the package '")
    assert done.stderr.endswith("install it with: pip install 'faceparse[web]'\n")


def test_the_server_needs_no_pytorch():
    code = "import faceparse.web.server, faceparse.web.serving, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=120).returncode == 0
