"""The verdict where the stages differ and the policy judges the decisions: a bound on the flip rate, a margin on probabilities.

A probability that moves by more than the margin, or a flip rate with a lower bound above the limit: divergent.
An upper bound within the limit shows equivalence, if nothing is missing. Between the two nothing is shown: inconclusive.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from parity.records.decisions import Decisions
from parity.records.places import Verdict
from parity.records.policy import PolicyRecord
from parity.records.stage import NotCompared
from parity.stages import DECIDING
from parity.statistics.interval import Interval, one_sided_bounds, rows_needed

__all__ = ["Judgement", "judge_decisions"]


class Judgement(NamedTuple):
    """The verdict with its exit code, the sentence with the reason for both, and the rows that would settle it."""

    verdict: Verdict
    exit_code: int
    headline: str
    rows_needed: int | None = None


class _Trials(NamedTuple):
    """The basis of a bound: the number of independent trials, how many of them flipped, and their names."""

    flipped: int
    seen: int
    rows: int
    rate: str
    sentence: str
    kind: str = "rows"
    copies_of: int = 0

    @property
    def number(self) -> str:
        """How many there are, and of how many rows where these hold copies."""
        kind = self.kind.removesuffix("s") if self.copies_of and self.rows == 1 else self.kind
        return f"{self.rows:,} {kind}" + (f" (of {self.copies_of:,})" if self.copies_of else "")

    @property
    def verb(self) -> str:
        """The verb that goes with the number."""
        return "does" if self.copies_of and self.rows == 1 else "do"

    @property
    def basis(self) -> str:
        """The basis of the bound, where that is not every row."""
        return f" from {self.number}" if self.copies_of else ""


def judge_decisions(
    start: str, decisions: Decisions | None, counting: Sequence[NotCompared], policy: PolicyRecord
) -> Judgement:
    """The verdict of two sides whose stages differ from `start` on; `counting` is what was not compared and counts."""
    where = f"The stages differ from {start} on"
    if (
        decisions is None
        or decisions.examples == 0
        or (decisions.probabilities and not decisions.temperatures)
    ):
        return Judgement("not_comparable", 1, f"{where}, and there are no decisions to compare.")
    assert policy.flip_rate is not None and policy.probability is not None
    furthest = max((item.max_abs_probability for item in decisions.temperatures), default=0.0)
    trials = _trials(decisions)
    bounds = one_sided_bounds(trials.flipped, trials.rows, policy.confidence)
    seen = one_sided_bounds(trials.seen, trials.rows, policy.confidence)
    if not furthest <= policy.probability:
        return Judgement(
            "divergent",
            1,
            f"{where}, and a probability moves by {furthest:.1e} (up to {policy.probability:g} is allowed).",
        )
    if seen.low > policy.flip_rate:
        low, limit = _apart(seen.low, policy.flip_rate)
        return Judgement(
            "divergent",
            1,
            f"{where}, and {trials.sentence}: {trials.rate} is at least {low} "
            f"(one-sided {100 * policy.confidence:g} % bound, up to {limit} is allowed).",
        )
    if counting:
        # The reason that a reader needs first is a part that was not run, then that of a decision that was not compared.
        item = min(counting, key=lambda item: (not item.not_run, item.stage not in DECIDING))
        more = f" (and {len(counting) - 1} more)" if len(counting) > 1 else ""
        return Judgement(
            "not_comparable",
            1,
            f"{where}, and {item.stage} was not {'run' if item.not_run else 'compared throughout'}: {item.reason}{more}.",
        )
    if bounds.high > policy.flip_rate:
        return _inconclusive(where, trials, bounds, policy)
    high, limit = _apart(bounds.high, policy.flip_rate)
    moved = (
        f", and no probability moves by more than {furthest:.1e} (up to {policy.probability:g} is allowed)"
        if decisions.probabilities
        else ""  # there are none: its flips are all that the task decides
    )
    return Judgement(
        "equivalent",
        0,
        f"{where}, and it is shown not to matter: {trials.rate} is at most {high} "
        f"(one-sided {100 * policy.confidence:g} % bound{trials.basis}, up to {limit} is allowed){moved}.",
    )


def _inconclusive(where: str, trials: _Trials, bounds: Interval, policy: PolicyRecord) -> Judgement:
    assert policy.flip_rate is not None
    needed = rows_needed(trials.flipped, trials.rows, policy.flip_rate, policy.confidence)
    high, limit = _apart(bounds.high, policy.flip_rate)
    if needed is None:
        step = "If rows go on to flip this often, no number of rows would show it."
    elif trials.flipped:
        step = f"{needed:,} {trials.kind} would show it, if they flip as often."
    else:
        step = f"{needed:,} {trials.kind} without a flip would show it."
    return Judgement(
        "inconclusive",
        1,
        f"{where}, and {trials.number} {trials.verb} not show that it does not matter: {trials.sentence}, and {trials.rate} can be "
        f"as high as {high} (one-sided {100 * policy.confidence:g} % bound, up to {limit} is allowed). {step}",
        needed,
    )


def _apart(one: float, other: float) -> tuple[str, str]:
    """Two shares as percentages, with as many digits as it takes to see which is larger.

    >>> _apart(0.036756, 0.01), _apart(0.01000262, 0.01)
    (('3.68 %', '1 %'), ('1.0003 %', '1 %'))
    """
    for digits in range(3, 16):
        texts = (f"{100 * one:.{digits}g} %", f"{100 * other:.{digits}g} %")
        if texts[0] != texts[1] or one == other:
            return texts
    return f"{100 * one!r} %", f"{100 * other!r} %"


def _trials(decisions: Decisions) -> _Trials:
    """What was counted; where rows are copies of one another, the distinct ones among them."""
    trials = _rows_counted(decisions)
    distinct, flipped = decisions.distinct, decisions.distinct_flipped
    if not 0 < distinct < trials.rows:
        return trials
    some = f"{flipped:,} of {distinct:,} distinct rows"
    return _Trials(
        flipped,
        max(0, flipped - decisions.undefined_both),
        distinct,
        "the share of distinct rows in which a label flips",
        f"{trials.sentence}{f', in {some}' if flipped else ''}",
        "distinct rows",
        trials.rows,
    )


def _rows_counted(decisions: Decisions) -> _Trials:
    """Examples; where tokens are decided one by one, still the examples: the tokens of one text are not independent.

    Where neither side has a number to decide by, no flip was seen, though equivalence cannot be shown with it either.
    """
    flips, of = decisions.flips_total, decisions.examples
    if decisions.unit not in ("token", "word", "next_token"):
        seen = max(0, flips - decisions.undefined_both)
        sentence = f"{flips:,} of {of:,} labels flip" if flips else "no label flips"
        return _Trials(flips, seen, of, "the flip rate", sentence)
    flipped, rows = decisions.rows_flipped, decisions.rows
    predicted = decisions.unit == "next_token"
    what = f"{decisions.noun} differs" if predicted else "token's label flips"
    sentence = (
        f"in {flipped:,} of {rows:,} rows a {what} ({flips:,} of {of:,} tokens)" if flipped else f"no {what}"
    )
    return _Trials(
        flipped,
        max(0, flipped - decisions.undefined_both),
        rows,
        f"the share of rows in which a {what}",
        sentence,
    )
