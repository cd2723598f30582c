"""The adapter `letters:`, a package of its own: a classifier that counts letters, trained on the file that the locator names.

letters:rows.jsonl?fold=false&init_seed=1&order_seed=2
"""

from __future__ import annotations

from pathlib import Path

from parity import Adapter, Option
from parity.subjects.factors import Factor, Trains
from parity.subjects.subject import Subject

__all__ = ["adapter"]


def _rows(subject: Subject, workdir: Path) -> Path:
    """The inputs of a run are the rows that it was trained on, unless the user names others."""
    return Path(subject.locator)


adapter = Adapter(
    scheme="letters",
    runner=Path(__file__).parent / "runner.py",
    framework=("numpy",),
    options=(
        Option(
            "fold",
            "flag",
            "whether a text that is read is put into lower case, as in training; true by default",
        ),
        Option("epochs", "count", "how often each row is trained on; 100 by default"),
        Option("seed", "integer", "both seeds"),
        Option("init_seed", "integer", "the seed of the initial weights; 0 by default"),
        Option("order_seed", "integer", "the seed of the order of the rows; 0 by default"),
    ),
    own_inputs=_rows,
    trains=Trains(
        factors=(
            Factor("init_seed", "the initial weights", makes=("weights",)),
            Factor("order_seed", "the order of the training rows", makes=("order",)),
        ),
        grid=("init_seed", "order_seed"),
    ),
)
