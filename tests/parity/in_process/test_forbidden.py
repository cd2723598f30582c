"""What loading may not do is prevented in a process of its own, whichever way it is reached, and told afterwards."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PLACE = Path(__file__).resolve().parents[3] / "parity" / "_in_process"
BEFORE = """
import os, pickle, shutil, socket, subprocess, sys, tempfile
sys.path.insert(0, sys.argv[1])
import forbidden
folder = sys.argv[2]
os.chdir(folder)
class Code:
    def __reduce__(self):
        return os.mkdir, ("executed",)
pickled = pickle.dumps(Code())
open("mine.txt", "w").write("of value")
os.mkdir("ours")
"""
AFTER = """
print(prevented[0] if prevented else "nothing prevented")
print(sorted(os.listdir(".")), open("mine.txt").read())
"""


def told(act: str, kind: str, tmp_path: Path) -> list[str]:
    """What a process that tries `act` prints: the first act prevented, then the folder and the file in it."""
    body = f"""
with forbidden.{kind} as prevented:
    try:
        {act}
    except Exception:  # a framework may swallow anything
        pass
"""
    done = subprocess.run(
        [sys.executable, "-c", BEFORE + body + AFTER, str(PLACE), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("kind", ["nothing_unpickled()", "nothing_but_reading(['ours'])"])
@pytest.mark.parametrize(
    "act",
    [
        "pickle.loads(pickled)",
        "pickle._loads(pickled)",
        "pickle.Unpickler(__import__('io').BytesIO(pickled)).load()",
        "__import__('_pickle').loads(pickled)",
        "__import__('shelve').Unpickler(__import__('io').BytesIO(pickled)).load()",
    ],
)
def test_nothing_is_unpickled_that_runs_code(act: str, kind: str, tmp_path: Path) -> None:
    assert ["unpickle posix.mkdir", "['mine.txt', 'ours'] of value"] == told(act, kind, tmp_path)


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("open('mine.txt', 'w')", "write to "),
        ("open('mine.txt', 'r+')", "write to "),
        ("open('new.txt', 'x')", "write to "),
        ("os.open('mine.txt', os.O_WRONLY | os.O_TRUNC)", "write to "),
        ("os.remove('mine.txt')", "write to "),
        ("os.rename('mine.txt', 'ours/mine.txt')", "write to "),
        ("os.symlink('mine.txt', 'link')", "write to "),
        ("os.truncate('mine.txt', 0)", "write to "),
        ("os.mkdir('new')", "write to "),
        ("shutil.rmtree('.')", "write to "),
        ("open('ours/../mine.txt', 'w')", "write to "),
        ("os.system('touch executed')", "start a process"),
        ("subprocess.run(['touch', 'executed'])", "start a process"),
        ("os.posix_spawn('/bin/sh', ['sh', '-c', 'touch executed'], {})", "start a process"),
        ("os.execv('/bin/sh', ['sh', '-c', 'touch executed'])", "start a process"),
        ("os.fork() or os._exit(0)", "start a process"),
        ("socket.create_connection(('127.0.0.1', 9))", "connect to "),
        ("__import__('urllib.request').request.urlopen('http://127.0.0.1:9/x')", "connect to "),
    ],
)
def test_loading_writes_nothing_starts_nothing_and_fetches_nothing(
    act: str, said: str, tmp_path: Path
) -> None:
    prevented, left = told(act, "nothing_but_reading(['ours'])", tmp_path)
    assert said in prevented
    assert "['mine.txt', 'ours'] of value" == left


@pytest.mark.parametrize(
    "act",
    [
        "open('mine.txt').read()",
        "open('ours/new.txt', 'w').close()",
        "os.makedirs('ours/deep/er', exist_ok=True)",
        "os.makedirs('.', exist_ok=True)",
        "shutil.rmtree('ours')",
        "open(os.devnull, 'w').close()",
        "pickle.loads(pickle.dumps({'plain': [1, 2.5, 'x']}))",
        "import json.tool",
    ],
)
def test_what_loading_does_need_is_left_alone(act: str, tmp_path: Path) -> None:
    assert "nothing prevented" == told(act, "nothing_but_reading(['ours'])", tmp_path)[0]


def test_what_is_within_what_is_stricter_stays_as_strict(tmp_path: Path) -> None:
    act = "forbidden.nothing_unpickled().__enter__(); os.remove('mine.txt')"
    assert "['mine.txt', 'ours'] of value" == told(act, "nothing_but_reading(['ours'])", tmp_path)[1]


def test_afterwards_everything_is_as_it_was(tmp_path: Path) -> None:
    after = "os.remove('mine.txt'); pickle.loads(pickled); open('mine.txt', 'w').write('new')"
    script = f"{BEFORE}\nwith forbidden.nothing_but_reading([]) as prevented:\n    pass\n{after}\n{AFTER}"
    done = subprocess.run(
        [sys.executable, "-c", script, str(PLACE), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ["nothing prevented", "['executed', 'mine.txt', 'ours'] new"] == done.stdout.splitlines()
