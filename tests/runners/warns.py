"""A runner that warns, in Python's way and in the host's, again and again."""

from __future__ import annotations

import warnings
from typing import Any

PROTOCOL = 2


class Session:
    def __init__(self, host: Any) -> None:
        self.host = host

    def tokenize(self, examples: Any) -> dict[str, Any]:
        warnings.simplefilter("always")
        for _ in range(3):
            warnings.warn("the old way is going away", FutureWarning, stacklevel=1)
            self.host.warn("The pooler was newly initialised.")
        return {"rows": []}


def open(request: dict[str, Any], host: Any) -> Session:
    return Session(host)
