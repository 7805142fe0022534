"""Memory that a training step frees serves the next step."""

import platform
import subprocess
import sys

import pytest

FAULTS_OF_TWENTY_ARRAYS = """
import resource, sys
import numpy as np
if sys.argv[1] == "kept":
    from faceparse.allocator import keep_freed_memory
    keep_freed_memory()
np.ones(64 << 20, np.uint8)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    np.ones(64 << 20, np.uint8)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library's allocator is left as it is")
def test_arrays_of_one_size_come_from_the_system_once():
    def faults(how: str) -> int:
        command = [sys.executable, "-c", FAULTS_OF_TWENTY_ARRAYS, how]
        return int(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout)

    assert faults("kept") < 100 < faults("as it comes")
