"""Gold files: what a report looked like when someone last looked at it."""

from __future__ import annotations

from pathlib import Path

__all__ = ["assert_gold"]

_FOLDER = Path(__file__).parent / "gold"


def assert_gold(name: str, actual: str) -> None:
    """The text equals the gold file; if not, it is saved beside it as `.actual`, to be looked at and moved over."""
    expected = _FOLDER / name
    saved = expected.with_name(expected.name + ".actual")
    if expected.exists() and expected.read_text(encoding="utf-8") == actual:
        saved.unlink(missing_ok=True)
        return
    saved.write_text(actual, encoding="utf-8")
    raise AssertionError(
        f"{expected.name} differs. Look at {saved}, and move it over {expected.name} if it is right."
    )
