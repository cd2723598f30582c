"""Names of stages as a policy or --ignore gives them: one stage by its name, or several by a pattern (`layer.*.mlp`)."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from parity.audit import PolicyRecord

__all__ = ["ignored_by", "limit_of", "matching"]


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
