"""Whether the hub can be reached: one short check, since its own client tries for half a minute."""

from __future__ import annotations

import os
import socket
from urllib.parse import urlsplit

__all__ = ["within_reach"]

_SECONDS = 4.0
_PROXIES = ("https_proxy", "http_proxy", "all_proxy")


def within_reach() -> bool:
    """False where the hub is switched off or its machine does not answer; True behind a proxy, which decides by itself."""
    if os.environ.get("TRANSFORMERS_OFFLINE") == "1":
        return False
    if any(os.environ.get(name) or os.environ.get(name.upper()) for name in _PROXIES):
        return True
    address = urlsplit(os.environ.get("HF_ENDPOINT") or "https://huggingface.co")
    port = address.port or (80 if address.scheme == "http" else 443)
    try:
        socket.create_connection((address.hostname or "", port), timeout=_SECONDS).close()
    except OSError:
        return False
    return True
