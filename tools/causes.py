"""The page of causes, docs/causes.md, written from the causes themselves: `python -m tools.causes` writes it anew."""

from __future__ import annotations

from pathlib import Path

from parity.causes import CAUSES

__all__ = ["PAGE", "page"]

PAGE = Path(__file__).resolve().parent.parent / "docs" / "causes.md"

_HEAD = """# Causes

Why two runs of the same model differ. A finding names one of these causes in `cause` where the evidence fits it; anything
else is `unknown`, with stage and evidence, never the nearest guess. A cause is *observed* where the difference itself was seen
and explains nothing, and *suspected* where it would explain what differs.

This page is written by `python -m tools.causes` from the files in `parity/causes/`. A package of your own adds causes by the entry-point group
`parity.causes`.

| cause | what it is | first stage | remedy |
| --- | --- | --- | --- |
"""


def page() -> str:
    """The page as it should be."""
    rows = (f"| `{cause.NAME}` | {cause.TITLE} | `{cause.STAGE}` | {cause.REMEDY} |\n" for cause in CAUSES)
    return _HEAD + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
