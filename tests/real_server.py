"""The real `faceparse serve`, in a process of its own."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def served(*arguments: object) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start it at a free port; gives the process and its address, and ends it afterwards."""
    command = [sys.executable, "-m", "faceparse", "serve", "--port", "0", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            found = re.search(r"http://\S+", said)
            assert found, said or (process.stderr and process.stderr.read())
            yield process, found[0]
        finally:
            process.terminate()
