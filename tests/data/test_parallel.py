import functools
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from faceparse.data.parallel import in_processes
from faceparse.errors import DataError, FaceparseError


def squarer(offset=0):
    return functools.partial(square, offset)


def square(offset, number):
    if number < 0:
        raise DataError(f"{number} is negative")
    if number == 13:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number + offset


def test_results_come_in_order_from_one_process_or_two():
    prepare = functools.partial(squarer, 1)
    expected = [n * n + 1 for n in range(10)]
    assert list(in_processes(prepare, list(range(10)), "squaring", 1)) == expected
    assert list(in_processes(prepare, list(range(10)), "squaring", 2)) == expected


def test_an_error_in_a_process_reaches_the_caller():
    with pytest.raises(DataError, match="-1 is negative"):
        list(in_processes(squarer, [1, -1], "squaring", 2))


def test_a_killed_process_is_an_error_and_not_a_wait():
    with pytest.raises(FaceparseError, match="a process was killed"):
        list(in_processes(squarer, [13], "squaring", 2))


def test_no_process_outlives_a_killed_parent(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
        import os, sys, time
        from faceparse.data.parallel import in_processes

        def prepare():
            print(os.getpid(), flush=True)
            return time.sleep

        if __name__ == "__main__":
            list(in_processes(prepare, [60, 60], "sleeping", 2))
        """)
    )
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
        for _ in range(100):
            if not running(child):
                break
            time.sleep(0.1)
        assert not running(child)


def test_ctrl_c_stops_the_work_without_a_word_from_its_processes(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
        import signal
        import time
        from faceparse.data.parallel import in_processes

        def prepare():
            print("ready", flush=True)
            return time.sleep

        if __name__ == "__main__":
            # a suite that runs in the background has it ignored, and its processes with it
            signal.signal(signal.SIGINT, signal.default_int_handler)
            try:
                list(in_processes(prepare, [0.1] * 1000, "sleeping", 2))
            except KeyboardInterrupt:
                print("stopped")
        """)
    )
    command = [sys.executable, str(script)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, start_new_session=True, **pipes) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        os.killpg(parent.pid, signal.SIGINT)
        output, errors = parent.communicate(timeout=200)
    assert errors == ""
    assert output.endswith("stopped\n")


def running(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
