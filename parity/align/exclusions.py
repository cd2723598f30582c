"""Stages that do not count: excluded by --ignore or by the policy, checked against what there is, and named in the verdict."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

import msgspec

from parity.errors import UnknownStage
from parity.records.policy import PolicyRecord
from parity.records.stage import NotCompared, StageRecord
from parity.records.stage_patterns import excluded_by, ignored_by, only_by_name
from parity.stages import INPUT_STAGES

__all__ = ["check_exclusions", "exclusions_sentence", "not_counting"]

_DERIVED = ("probabilities", "label", "next_token")
_NAMED = 4


def check_exclusions(policy: PolicyRecord, stages: Iterable[str]) -> None:
    """Raise UnknownStage for a name given with --ignore that fits none of `stages` (those of both sides)."""
    known = list(dict.fromkeys((*INPUT_STAGES, *stages, *_DERIVED)))
    for name in policy.ignore_option:
        if any(name == stage or fnmatchcase(stage, name) for stage in known):
            continue
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise UnknownStage(
            f"--ignore {name}: neither side has such a stage.",
            next_step=f"{hint}The stages are: {', '.join(known)}.",
        )


def not_counting(item: NotCompared, policy: PolicyRecord) -> NotCompared:
    """What was not compared, as it counts under the policy: an excluded stage does not, and the reason says why."""
    if not item.counts or excluded_by(item, policy) is None:
        return item
    reason = f"{item.reason.rstrip('.')}; excluded by {_origin(item.stage, policy)}"
    return msgspec.structs.replace(item, reason=reason, counts=False)


def exclusions_sentence(
    stages: Sequence[StageRecord], not_compared: Sequence[NotCompared], policy: PolicyRecord
) -> str:
    """Which stages were excluded, by what, and what is known of them; empty where none was.

    Those that differ and those that were not run come first, and all of them are named.
    """
    details: dict[str, str] = {}
    first: set[str] = set()
    for record in stages:
        if ignored_by(record.stage, policy) is None:
            continue
        known = _difference(record)
        details[record.stage] = details.get(record.stage) or known
        if record.status == "divergent" and record.stage not in first:
            details[record.stage] = known
            first.add(record.stage)
    for item in not_compared:
        if excluded_by(item, policy) is None:
            continue
        details[item.stage] = details.get(item.stage) or ("not run" if item.not_run else "not compared")
        if only_by_name(item):
            first.add(item.stage)
    origins: dict[str, list[str]] = {}
    for stage in sorted(details, key=lambda name: name not in first):
        named = f"{stage} ({details[stage]})" if details[stage] else stage
        origins.setdefault(_origin(stage, policy), []).append(named)
    return " ".join(
        _sentence(origin, named, max(_NAMED, sum(_origin(stage, policy) == origin for stage in first)))
        for origin, named in origins.items()
    )


def _difference(record: StageRecord) -> str:
    if record.status == "divergent":
        if record.relative_l2 is None or record.noise_floor is None:
            return "divergent"
        return f"divergent, relative L2 {record.relative_l2:.1e}"
    return "not comparable" if record.status == "not_comparable" else ""


def _origin(stage: str, policy: PolicyRecord) -> str:
    return "--ignore" if ignored_by(stage, policy) in policy.ignore_option else f"the policy {policy.name}"


def _sentence(origin: str, named: Sequence[str], most: int) -> str:
    shown = [*named[:most], *([f"{len(named) - most} more"] if len(named) > most else [])]
    text = shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
    return f"{text} {'was' if len(named) == 1 else 'were'} excluded by {origin}."
