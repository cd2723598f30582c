"""`parity.pairing`: which stage, module and parameter of two subjects is which, from Python."""

from __future__ import annotations

from parity.api.values import checked, positive
from parity.pair_audit.pairing import find_pairs
from parity.records.pair import Pair
from parity.subjects.progress import OnProgress, unwatched
from parity.subjects.subject import parse_subject

__all__ = ["pairing"]


def pairing(
    reference: str, candidate: str, *, timeout: float = 600.0, progress: OnProgress | None = None
) -> str:
    """Which stage, module and parameter of two subjects is which, each with its reason, as the text of a file for `compare(map=...)`.

        from pathlib import Path
        Path("map.toml").write_text(parity.pairing("hf:fixtures/port", "hf:fixtures/port"))
        audit = parity.compare("hf:fixtures/port", "hf:fixtures/port", ["a text"], map="map.toml")

    No input is run. Raises a ParityError where a subject cannot be opened.
    """
    subjects = Pair(parse_subject(reference), parse_subject(candidate))
    seconds = checked("timeout", timeout, positive)
    return find_pairs(subjects, seconds, progress or unwatched).text()
