"""Settings that a subject reports: those of its model, also where an archive keeps them under `transformer.`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parity.border.description import Description

__all__ = ["transformer_settings"]


def transformer_settings(described: Description) -> Mapping[str, Any]:
    """The transformer's own settings; an archive keeps those of the model inside it under `transformer.`."""
    inner = {
        name.removeprefix("transformer."): value
        for name, value in described.config.items()
        if name.startswith("transformer.")
    }
    return inner or described.config
