"""A runner that says what it sees: its variables, its import path, what is in the interpreter already."""

from __future__ import annotations

import os
import sys
from typing import Any

PROTOCOL = 2


class Session:
    def describe(self) -> dict[str, Any]:
        seen = {
            "variables": dict(os.environ),
            "path": sys.path,
            "modules": sorted(sys.modules),
            "cwd": os.getcwd(),
            "argv": sys.argv,
            "nan": [float("nan"), {"inf": float("-inf")}],
        }
        return {"framework": "", "versions": {}, "stages": [], "can": {}, "config": seen}


def open(request: dict[str, Any], host: Any) -> Session:
    return Session()
