"""A runner that is never done with loading."""

from __future__ import annotations

import time
from typing import Any

PROTOCOL = 2


def open(request: dict[str, Any], host: Any) -> Any:
    time.sleep(1000)
