"""Which stage, module and parameter of two subjects is which: found out and written as a file, or read from one."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from parity.align.pair_map import PairMap
from parity.errors import MapDoesNotFit
from parity.pair_audit.mapped import Mapped
from parity.pair_audit.parameters import paired
from parity.records.pair import Pair
from parity.session.session import OpenRequest, open_sessions
from parity.subjects.adapter import find_adapter
from parity.subjects.progress import OnProgress
from parity.subjects.subject import Subject

__all__ = ["find_pairs", "read_pairs"]


def find_pairs(subjects: Pair[Subject], timeout: float, progress: OnProgress) -> PairMap:
    """Open both and pair what they have; no input is run."""
    opening = [
        OpenRequest(subject, find_adapter(subject), name, timeout=timeout)
        for subject, name in zip(subjects, Pair._fields, strict=True)
    ]
    with ExitStack() as stack:
        sides = Pair(*open_sessions(opening, stack, progress))
        found = Mapped.of(sides, None, "", words=False)
        return PairMap.of(found.plan(words=False), found.described, paired(sides), found.joins)


def read_pairs(path: Path) -> PairMap:
    """The pairs that a file names; raises MapDoesNotFit where it cannot be read."""
    try:
        return PairMap.read(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise MapDoesNotFit(
            f"--map {path} cannot be read: {reason}.",
            next_step="Write one with parity align REFERENCE CANDIDATE --out map.toml.",
        ) from error
