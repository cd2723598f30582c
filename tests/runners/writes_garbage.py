"""A runner with something in its process that writes to the very pipe the protocol uses; the locator is what it writes."""

from __future__ import annotations

import os
import stat
from typing import Any

PROTOCOL = 2


def _protocol() -> int:
    for descriptor in range(3, 64):
        try:
            if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
                os.write(descriptor, b"")
                return descriptor
        except OSError:
            continue
    raise AssertionError("no pipe that can be written to")


class Session:
    def __init__(self, words: str) -> None:
        self.words = words

    def describe(self) -> dict[str, Any]:
        os.write(_protocol(), self.words.encode() + b"\n")
        return {}


def open(request: dict[str, Any], host: Any) -> Session:
    return Session(request["locator"])
