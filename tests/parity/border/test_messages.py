"""What crosses the border is read by a thread for each side, and the first two readings may come at once."""

from __future__ import annotations

import subprocess
import sys

_FORKS = 300
_RACE = f"""
import os, sys, threading
from parity.border.description import read_description
from parity.border.encodings import read_encodings
from parity.border.messages import read_event, read_listing

description = {{
    "framework": "toy", "versions": {{}}, "stages": [{{"name": "logits", "axes": ["row", "class"]}}], "can": {{}},
    "parameters": [{{"name": "weight", "shape": [1], "dtype": "float32", "digest": ""}}],
}}
done = b'{{"event": "done", "id": 1, "value": {{"rows": [null]}}}}'
tensor = b'{{"id": 1, "stage": "logits", "dtype": "float32", "source": "float32", "shape": [1], "axes": ["row"], "offset": 0}}\\n'


def read(barrier):
    barrier.wait()
    read_description(description, "toy:")
    read_encodings(read_event(done), 1, "toy:")
    read_listing(tensor, 1)


def child():
    sys.setswitchinterval(1e-6)
    barrier = threading.Barrier(2)
    threads = [threading.Thread(target=read, args=(barrier,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os._exit(0)


crashed = 0
for _ in range({_FORKS}):
    pid = os.fork()
    if pid == 0:
        child()
    crashed += os.waitpid(pid, 0)[1] != 0
print(crashed)
"""


def test_two_sides_that_answer_for_the_first_time_at_once_are_both_read() -> None:
    run = subprocess.run([sys.executable, "-c", _RACE], capture_output=True, text=True, check=True)
    assert "0\n" == run.stdout
