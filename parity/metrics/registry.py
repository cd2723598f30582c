"""The metrics that there are: those that are built in, then those of other packages, by entry point."""

from __future__ import annotations

import difflib
from collections import Counter
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from parity.errors import UsageError
from parity.metrics import METRICS
from parity.metrics.metric import Metric

__all__ = ["find_metric", "metric_names"]

GROUP = "parity.metrics"


def metric_names() -> tuple[str, ...]:
    """Every name, in the order of the tables; none of them is imported. Raises UsageError where two have one name."""
    names = (*METRICS, *(entry.name for entry in _entries()))
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        owners = [_origin(entry) for entry in _entries() if entry.name == twice]
        owners = ["parity's own", *owners] if twice in METRICS else owners
        raise UsageError(
            f"Two metrics are called {twice!r}: {' and '.join(owners)}.", next_step="Uninstall one of them."
        )
    return names


@cache
def find_metric(name: str) -> Metric:
    """The metric of that name; raises UsageError where there is none, or its package does not give one."""
    known = metric_names()
    if name not in known:
        near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
        raise UsageError(
            f"No metric is called {name!r}.",
            next_step=f"{f'Did you mean {near[0]}? ' if near else ''}The metrics are: {', '.join(known)}.",
        )
    if name in METRICS:
        found: object = import_module(f"parity.metrics.{name}").metric
        origin = "parity's own"
    else:
        found, origin = _load(next(entry for entry in _entries() if entry.name == name))
    if not isinstance(found, Metric) or found.name != name:
        raise UsageError(
            f"The metric {name!r} ({origin}) is {type(found).__name__}, and not a metric of that name.",
            next_step="Ask its author; parity/metrics/metric.py says what a metric is.",
        )
    return found


def _load(entry: EntryPoint) -> tuple[object, str]:
    try:
        return entry.load(), _origin(entry)
    except Exception as error:  # whatever another package raises when it is imported
        raise UsageError(
            f"The metric {entry.name!r} ({_origin(entry)}) does not load: {type(error).__name__}: {error}.",
            next_step="Install it again, or ask its author.",
        ) from error


@cache
def _entries() -> tuple[EntryPoint, ...]:
    return tuple(sorted(entry_points(group=GROUP), key=lambda entry: entry.name))


def _origin(entry: EntryPoint) -> str:
    package = entry.dist.name if entry.dist is not None else "an unknown package"
    return f"{package}'s {entry.value}"
