"""The error that a user gets for a runner's failure: its class and the next step."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from parity.border.messages import Failed
from parity.errors import (
    BadOptionValue,
    FrameworkMissing,
    OutOfSpace,
    ParityError,
    RunnerRaised,
    SubjectError,
    by_slug,
)
from parity.subjects.adapter import Adapter

__all__ = ["Failures"]

# The next step where a runner's refusal has none.
_STEPS: dict[type[ParityError], str] = {
    BadOptionValue: "Give it another value, or omit the option.",
    SubjectError: "Check the files there; parity inspect SUBJECT opens it alone.",
    OutOfSpace: "Use fewer rows at a time (?batch_size=1), or name folders with more space: PARITY_SLOTS=… and TMPDIR=….",
}


class Failures(NamedTuple):
    """Whose failures they are: the subject as it is written, its adapter, its interpreter, the folder of its slots."""

    subject: str
    adapter: Adapter
    interpreter: Path
    slots: Path

    def error(self, what: str, failed: Failed, *, opening: bool) -> ParityError:
        """The error of a request that failed; `what` is what was done, `opening` whether that was to load the subject."""
        module = (failed.missing or "").partition(".")[0]
        if opening and module and module in (*self.adapter.framework, "numpy", "torch"):
            return FrameworkMissing(
                f"{self.interpreter} has no {module}, which {self.adapter.scheme}: needs.",
                next_step=f"Install it there: {self.interpreter} -m pip install {module}",
                detail=failed.traceback,
            )
        kind = by_slug(failed.slug)
        if kind is RunnerRaised:
            return RunnerRaised(
                f"{self.subject} failed while {what}: {failed.sentence}",
                next_step=failed.next_step,
                detail=failed.traceback,
            )
        step = failed.next_step or next((step for root, step in _STEPS.items() if issubclass(kind, root)), "")
        sentence = failed.sentence
        if kind is OutOfSpace:
            sentence = f"{self.subject} stopped while {what}: {sentence} (in {self.slots})."
        return kind(sentence, next_step=step, detail=failed.traceback)
