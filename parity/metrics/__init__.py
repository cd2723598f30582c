"""Metrics: one number for predictions compared with labels. One file a metric, for pairs and for seed audits alike.

`METRICS` names those that are built in, each the module of this package with that name; the first one decides where none is
requested. Those of other packages come after them, by the entry points of the group `parity.metrics`. Nothing is imported here:
the command line shows the names without numpy.
"""

from __future__ import annotations

__all__ = ["ANSWER_METRICS", "EMBEDDING_METRICS", "METRICS", "SPAN_METRICS", "TOKEN_METRICS"]

METRICS = ("accuracy", "macro_f1", "nll", "brier")
"""Of one decision for each input."""
SPAN_METRICS = ("entity_f1",)
"""Of the spans that the tags of words make."""
TOKEN_METRICS = ("perplexity",)
"""Of the tokens of texts, each held against the token that is there."""
ANSWER_METRICS = ("exact_match", "answer_f1")
"""Of answers, as texts."""
EMBEDDING_METRICS = ("spearman", "recall_at_k")
"""Of the vectors of texts, held against a score of each pair, or against a label of each text."""
