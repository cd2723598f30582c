"""Processes as the system shows them: who descends from whom, and who is still there."""

from __future__ import annotations

import signal
import time
from pathlib import Path

__all__ = ["commands", "descendants", "gone", "hear_signals"]


def hear_signals() -> None:
    """For a child about to start: a test run in the background may itself ignore signals, and what it starts inherits that."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def descendants(pid: int) -> set[int]:
    """All processes that this one started, and that those started."""
    parents = {int(path.parent.name): _parent(path) for path in Path("/proc").glob("[0-9]*/stat")}
    found: set[int] = set()
    level = {pid}
    while level:
        level = {child for child, parent in parents.items() if parent in level} - found
        found |= level
    return found


def commands(pids: set[int]) -> dict[int, str]:
    """What each of them is called."""
    return {pid: name for pid in pids if (name := _read(Path(f"/proc/{pid}/cmdline")).replace("\0", " "))}


def gone(pids: set[int], seconds: float = 20) -> bool:
    """Wait for the end of all of them; False when it did not come."""
    end = time.monotonic() + seconds
    while any(_alive(pid) for pid in pids):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def _alive(pid: int) -> bool:
    stat = _read(Path(f"/proc/{pid}/stat"))
    return bool(stat) and stat.rpartition(")")[2].split()[0] != "Z"


def _parent(path: Path) -> int:
    stat = _read(path)
    return int(stat.rpartition(")")[2].split()[1]) if stat else -1


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
