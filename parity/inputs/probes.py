"""The built-in probe texts, used when no inputs are given: about a hundred that show where tokenizers and models differ.

Ordinary sentences of several domains, casing, accents (composed and decomposed), emoji, invisible characters,
right-to-left and CJK scripts, numbers, addresses, code, white space, look-alikes of special tokens, homoglyphs, texts
of no characters and of far more than 512 tokens. Each has an id that names its kind (`emoji-02`). They are not a sample of
real data: they find differences, but do not show how often these occur.
"""

from __future__ import annotations

from importlib.resources import files
from typing import IO

from parity.inputs.table import Source

__all__ = ["probe_source"]

NAME = "the built-in probe texts"


def probe_source() -> Source:
    """The probe texts, as a file of inputs."""
    return Source(NAME, "jsonl", "utf-8", _open)


def _open() -> IO[bytes]:
    return (files("parity.inputs") / "probes.jsonl").open("rb")
