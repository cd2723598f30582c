"""Token classification where the words are known: one of several classes for each word, whatever its pieces. It is held against tags."""

from __future__ import annotations

from parity.metrics.metric import Counted, Metric, of_spans
from parity.tasks.class_task import ClassTask
from parity.tasks.task import Described, Per
from parity.tasks.token_classification import TOKEN_CLASSIFICATION

__all__ = ["WORD_CLASSIFICATION"]


class _WordClassification(ClassTask):
    name = "word_classification"
    columns = ("text", "words", "tags")
    outputs = ("words",)
    noun = "tag"
    counted: Counted = "words"
    decided_by = "a word is decided by the logits that its side makes of those of its pieces"

    def fits(self, described: Described) -> bool:
        """Also what classifies tokens, where the logits of words are a stage."""
        by_word = TOKEN_CLASSIFICATION.fits(described) and self.outputs[0] in described.stages
        return by_word or described.task == self.name

    def unscored(self, per: Per) -> str:
        """Held against the tags of the words."""
        return ""

    def scored_by(self, metric: Metric) -> bool:
        """Metrics of spans: those of single classes would take the words of a row as independent."""
        return of_spans(metric)


WORD_CLASSIFICATION = _WordClassification()
