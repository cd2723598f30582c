"""What is forked from a warm process is what a cold start would be: arguments, variables, folder, descriptors, and its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.warm import client

HERE = Path(__file__).parent
SHOWS = """
import os, sys
print(sys.argv[1:], os.environ["OWN"], os.getcwd(), os.getpgrp() == os.getpid(), "warmed" in sys.modules)
os.write(int(sys.argv[1]), b"through its own number")
print("complains", file=sys.stderr)
print(sys.stdin.read())
"""
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a script from a warm process of its own, which has imported the module `warmed`."""
    (tmp_path / "warmed.py").write_text("")
    place, script = tmp_path / "socket", tmp_path / "script.py"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    server = [sys.executable, str(HERE / "server.py"), str(place), "warmed", "no_such_module"]
    with subprocess.Popen(server, stdin=subprocess.PIPE, env=environment) as warm:
        while not place.exists():
            assert warm.poll() is None
            time.sleep(0.01)

        def started(
            code: str, *arguments: str, descriptors: tuple[int, ...] = (), **variables: str
        ) -> subprocess.Popen[str]:
            script.write_text(code)
            launcher = [sys.executable, "-I", "-S", str(HERE / "launcher.py"), str(place)]
            return subprocess.Popen(
                [*launcher, str(script), *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                cwd=tmp_path,
                env={**os.environ, **variables},
                pass_fds=descriptors,
                start_new_session=True,
            )

        yield started


def test_it_has_the_arguments_variables_folder_and_descriptors_of_its_own(
    start: Start, tmp_path: Path
) -> None:
    reading, writing = os.pipe()
    run = start(SHOWS, str(writing), "more", descriptors=(writing,), OWN="its own")
    os.close(writing)
    said, complained = run.communicate("what it is sent", timeout=60)
    expected = f"{[str(writing), 'more']} its own {tmp_path} True True\nwhat it is sent\n"
    assert (expected, "complains\n", 0) == (said, complained, run.returncode)
    assert b"through its own number" == os.read(reading, 100)
    assert b"" == os.read(reading, 100)  # nobody else holds it open
    os.close(reading)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("raise SystemExit(7)", 7),
        ("raise SystemExit", 0),
        ("raise SystemExit('a sentence')", 1),
        ("raise ValueError", 1),
        ("import os; os._exit(3)", 3),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", -signal.SIGSEGV),
    ],
)
def test_it_ends_as_the_process_ended(code: str, status: int, start: Start) -> None:
    run = start(code)
    run.communicate(timeout=60)
    assert status == run.returncode


def test_what_runs_at_exit_is_run(start: Start) -> None:
    run = start("import atexit; atexit.register(print, 'at exit')")
    assert "at exit\n" == run.communicate(timeout=60)[0]


def test_killing_it_kills_the_process_and_what_it_started(start: Start) -> None:
    code = "import subprocess; child = subprocess.Popen(['sleep', '1000']); print(child.pid, flush=True); child.wait()"
    run = start(code)
    assert run.stdout is not None
    child = int(run.stdout.readline())
    os.killpg(run.pid, signal.SIGKILL)
    run.wait(60)
    end = time.monotonic() + 30
    while Path(f"/proc/{child}/cmdline").exists() and Path(f"/proc/{child}/cmdline").read_bytes():
        assert time.monotonic() < end, "its child is still running"
        time.sleep(0.02)
    run.communicate()


def test_a_cold_module_starts_parity_as_a_user_does() -> None:
    assert [sys.executable, "-m", "parity"] == client.command_of_parity({client.COLD: "1"})
