"""Names of stages as a policy or --ignore gives them: one stage by its name, or several by a pattern (`layer.*.mlp`)."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from parity.records.policy import PolicyRecord
from parity.records.stage import NotCompared

__all__ = ["excluded_by", "ignored_by", "limit_of", "matching", "only_by_name"]


def matching(stage: str, patterns: Iterable[str]) -> str | None:
    """The pattern that speaks of a stage: its own name before any other, then the first that fits.

    >>> matching("layer.3", ["layer.*", "layer.3"]), matching("layer.4", ["l*", "layer.*"]), matching("pooled", ["pool"])
    ('layer.3', 'l*', None)
    """
    known = list(patterns)
    if stage in known:
        return stage
    return next((pattern for pattern in known if fnmatchcase(stage, pattern)), None)


def limit_of(stage: str, policy: PolicyRecord) -> float | None:
    """The limit that the policy sets for a stage; None where it sets none."""
    pattern = matching(stage, policy.stages)
    return None if pattern is None else policy.stages[pattern]


def ignored_by(stage: str, policy: PolicyRecord) -> str | None:
    """The name or pattern by which a stage does not count; None where it does."""
    return matching(stage, policy.ignore)


def only_by_name(item: NotCompared) -> bool:
    """Whether only its exact name excludes it: a part that was not run, and float64, are not stages that a pattern lists."""
    return bool(item.not_run) or item.stage == "float64"


def excluded_by(item: NotCompared, policy: PolicyRecord) -> str | None:
    """The name or pattern by which what was not compared does not count; None where it does."""
    if only_by_name(item):
        return item.stage if item.stage in policy.ignore else None
    return ignored_by(item.stage, policy)
