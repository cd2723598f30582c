"""What pytest finds by its entry point: the fixture `assert_parity`, which leaves each audit in the test's own folder.

    def test_the_port_still_agrees(assert_parity):
        assert_parity("hf:./bert", "hf:./port", inputs="reviews.jsonl")

A test may as well call `parity.assert_parity`. Nothing is imported for tests that do neither.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import parity

__all__ = ["assert_parity"]


@pytest.fixture
def assert_parity(tmp_path: Path) -> Callable[..., parity.Audit]:
    """`parity.assert_parity`; without `out` each audit goes to a folder under the test's `tmp_path`, which pytest keeps."""
    return partial(_in_own_folder, tmp_path, count(1))


def _in_own_folder(folder: Path, numbers: count[int], *arguments: Any, **settings: Any) -> parity.Audit:
    import parity

    __tracebackhide__ = True
    number = next(numbers)
    settings.setdefault("out", folder / ("parity-audit" if number == 1 else f"parity-audit-{number}"))
    return parity.assert_parity(*arguments, **settings)
