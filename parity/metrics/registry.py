"""The metrics that there are: those that are built in, then those of other packages, by entry point."""

from __future__ import annotations

import difflib
from collections import Counter
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint

from parity.errors import UsageError
from parity.metrics import ANSWER_METRICS, EMBEDDING_METRICS, METRICS, SPAN_METRICS, TOKEN_METRICS
from parity.metrics.answer_metric import AnswerMetric
from parity.metrics.embedding_metric import EmbeddingMetric
from parity.metrics.metric import Metric, RunsMetric
from parity.subjects.registry import Group, entries, load, name_taken, origin

__all__ = ["answer_metrics", "embedding_metrics", "find_metric", "metric_names", "runs_metric"]

_GROUP = Group("parity.metrics", "metric", "metrics")
_BESIDE = (*SPAN_METRICS, *TOKEN_METRICS)  # of other things than one decision an input


def metric_names(*, spans: bool = False) -> tuple[str, ...]:
    """Every name, in the order of the tables, with `spans` those of spans and of tokens too; none of them is imported.

    Raises NameTaken where two have one name.
    """
    names = (*METRICS, *(entry.name for entry in _entries()), *(_BESIDE if spans else ()))
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        owners = [origin(entry) for entry in _entries() if entry.name == twice]
        raise name_taken(
            _GROUP,
            twice,
            [f"parity's {_place(twice)}", *owners] if twice in (*METRICS, *_BESIDE) else owners,
        )
    return names


@cache
def find_metric(name: str) -> Metric:
    """The metric of that name; raises UsageError where there is none, or its package does not give one."""
    known = (*metric_names(spans=True), *ANSWER_METRICS, *EMBEDDING_METRICS)
    if name not in known:
        near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
        raise UsageError(
            f"No metric is called {name!r}.",
            next_step=f"{f'Did you mean {near[0]}? ' if near else ''}The metrics are: {', '.join(known)}.",
        )
    if name in (*METRICS, *_BESIDE, *ANSWER_METRICS, *EMBEDDING_METRICS):
        found: object = import_module(_place(name).partition(":")[0]).metric
        owner = f"parity's {_place(name)}"
    else:
        entry = next(entry for entry in _entries() if entry.name == name)
        found, owner = load(entry, f"The metric {name!r}"), origin(entry)
    if not isinstance(found, Metric) or found.name != name:
        raise UsageError(
            f"The metric {name!r} ({owner}) is {type(found).__name__}, and not a metric of that name.",
            next_step="Ask its author; parity/metrics/metric.py says what a metric is.",
        )
    return found


@cache
def runs_metric(name: str) -> RunsMetric:
    """The same for many runs, those of embeddings too, which are not added up batch by batch."""
    if name not in EMBEDDING_METRICS:
        return find_metric(name)
    found: RunsMetric = import_module(_place(name).partition(":")[0]).metric
    return found


def answer_metrics() -> list[AnswerMetric]:
    """Every metric of answers."""
    return [import_module(_place(name).partition(":")[0]).metric for name in ANSWER_METRICS]


def embedding_metrics() -> list[EmbeddingMetric]:
    """Every metric of embeddings."""
    return [import_module(_place(name).partition(":")[0]).metric for name in EMBEDDING_METRICS]


@cache
def _entries() -> tuple[EntryPoint, ...]:
    return entries(_GROUP.name)


def _place(name: str) -> str:
    return f"parity.metrics.{name}:metric"
