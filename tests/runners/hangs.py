"""A runner that never answers a forward; with the locator `stubborn`, SIGTERM does not end it either."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Any

PROTOCOL = 2


class Session:
    def __init__(self, host: Any) -> None:
        self.host = host

    def tokenize(self, examples: Any) -> dict[str, Any]:
        return {"rows": [None for _ in examples], "kept": [example["row"] for example in examples]}

    def forward(self, rows: Any, inputs: Any, stages: Any, precision: Any, write: Any) -> None:
        sys.stderr.write("thinking hard")  # no end of line
        sys.stderr.flush()
        self.host.progress(f"pid {os.getpid()}")
        time.sleep(1000)


def open(request: dict[str, Any], host: Any) -> Session:
    if request["locator"] == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return Session(host)
