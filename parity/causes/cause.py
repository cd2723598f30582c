"""What a cause is: one named reason why two runs of the same model differ, with the evidence that suggests it.

One file holds one cause, or a family of causes that share their detection. Everything that the project knows of a cause stands in its
file: its name, its title and remedy (which travel in the record), how it is suspected, the pairs in which it must be the first finding
(`CASES`) and those in which it must be silent (`BENIGN`). The tests and docs/causes.md are generated from these.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal, NamedTuple

from parity.causes.case import Case
from parity.causes.evidence import Evidence

__all__ = ["Cause", "Fix", "Suspicion"]


class Suspicion(NamedTuple):
    """What a cause sees in the evidence of one pair: a sentence, the facts behind it, and the stage that it acts on.

    `standing` is "suspected" where the cause would explain what differs, "observed" where the difference itself was seen and explains
    nothing. `named` is False where the observation is reported without naming the cause. `remedy` stands in place of the cause's own
    where this pair calls for another. `settings` are the keys of config or tokenizer that the suspicion is about. `could_hide` marks
    what could hide a difference.
    """

    sentence: str
    stage: str
    facts: Mapping[str, Any] = {}
    severity: Literal["divergent", "notice"] = "notice"
    standing: Literal["observed", "suspected"] = "suspected"
    named: bool = True
    remedy: str = ""
    settings: tuple[str, ...] = ()
    could_hide: bool = False


class Fix(NamedTuple):
    """A change that reverses a cause: the candidate with other options, another feed, tensors put in place, or another reading."""

    kind: Literal["subject", "feed", "graft", "reading"]
    change: str


class Cause:
    """One cause. `STAGE` is the first stage that shows it.

    `SPECIFICITY`: of two causes that explain the same stage the one with the higher number comes first.
    """

    NAME: ClassVar[str]
    TITLE: ClassVar[str]
    REMEDY: ClassVar[str]
    STAGE: ClassVar[str]
    SPECIFICITY: ClassVar[int] = 0
    CASES: ClassVar[tuple[Case, ...]] = ()
    BENIGN: ClassVar[tuple[Case, ...]] = ()

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        """What of the evidence suggests this cause; nothing where it does not fit."""
        raise NotImplementedError

    def fix(self, suspicion: Suspicion) -> Fix | None:
        """The change that would reverse it; None where there is none that could be run."""
        return None
