"""Pairs that well-known tools call equal, or blame on the wrong place, and what parity says of each.

Every test is one such pair, run as a user would run it: two subjects, the command line, the record it leaves. The
docstring says who is fooled; the test holds what parity says. One marked `false_pass(n)` holds line n of docs/false-passes.md
(other folders hold some); the others are pairs of our own. A tool that passes this suite may be believed a little more, ours included.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.models import tiny_bert
from tests.real.fooling import install
from tests.real.pairs import TEXTS, change, write_texts


@pytest.fixture(scope="module", autouse=True)
def fooling_is_installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The scheme `fooling:`, for every command run here."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in install(tmp_path_factory.mktemp("site")).items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file of six sentences."""
    return write_texts(tmp_path_factory.mktemp("inputs") / "texts.txt", TEXTS)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `right`, a small BERT whose head is so faint that its logits hide what happens before them."""
    folder = tmp_path_factory.mktemp("models")
    tiny_bert(folder / "right")
    change(folder / "right", lambda weights: weights["classifier.weight"].mul_(0.003))
    return folder
