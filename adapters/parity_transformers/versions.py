"""The versions of what is installed, as numbers."""

from __future__ import annotations

import importlib

__all__ = ["version_of"]


def version_of(name: str) -> tuple[int, ...]:
    """A package's version as numbers: (4, 12, 5)."""
    module = importlib.import_module(name)
    parts = str(module.__version__).split("+")[0].split(".")[:3]
    return tuple(int("".join(character for character in part if character.isdigit()) or 0) for part in parts)
