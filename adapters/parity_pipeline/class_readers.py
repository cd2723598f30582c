"""Readers of pipelines that score classes: of whole texts, of texts with a hypothesis, and of candidate labels."""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# What a pipeline returns is Any here.

from __future__ import annotations

import importlib
from typing import Any, Callable, Sequence

import numpy as np

from .reader import CLASSES, Reader

__all__ = ["Classification", "ZeroShot"]

_FACTS: Any = importlib.import_module(".facts", __package__)  # of the package that shares its modules


class Classification(Reader):
    def start(self) -> None:
        labels: list[str] = _FACTS.labels(self.config)
        self.labels = labels
        problem, function = (
            getattr(self.config, "problem_type", None),
            self.chosen.called_with.get("function_to_apply"),
        )
        own = "softmax"
        if problem == "regression":
            own = "none"
        elif problem == "multi_label_classification" or len(labels) == 1:
            own = "sigmoid"
        if len(labels) == 1 and problem != "multi_label_classification":
            if function is None and own == "sigmoid":
                self.notes.append(
                    "The pipeline takes a sigmoid of the one value that the model gives; it was called with function_to_apply=none, so that the value is compared."
                )
            function = function or "none"
            self.more["task"] = "regression"
        self._function = function or own
        self.more["multi_label"] = self._function == "sigmoid" and len(labels) > 1
        self.more["values"] = "logits" if self._function == "none" else "probabilities"
        self.stages = [{"name": "logits", "axes": CLASSES, "module": ""}]

    def run(self, rows: Sequence[dict[str, Any]], write: Callable[..., None]) -> list[dict[str, Any]]:
        inputs = [
            row["text"] if row["pair"] is None else {"text": row["text"], "text_pair": row["pair"]}
            for row in rows
        ]
        found = self.call(inputs, top_k=None, function_to_apply=self._function)
        write("logits", _as_logits(_by_class(found, self.labels or []), self._function), CLASSES)
        return []


class ZeroShot(Reader):
    def start(self) -> None:
        called = self.chosen.called_with
        self._template: str = called.get("hypothesis_template", "This example is {}.")
        labels = called.get("candidate_labels")
        if labels is not None:
            self.labels = [name.strip() for name in labels.split(",")]
            multi = bool(called.get("multi_label")) or len(self.labels) == 1
            self.more = {"values": "probabilities", "multi_label": multi}
            self.pairs, self._function = "no", "sigmoid" if multi else "softmax"
            self.stages = [{"name": "logits", "axes": CLASSES, "module": ""}]
            return
        names = _FACTS.labels(self.config)
        entailment = next(
            (place for place, name in enumerate(names) if name.lower().startswith("entail")), None
        )
        if entailment is None:
            raise self.host.Refusal(
                "subject",
                "The classes {} name no entailment, which zero-shot-classification needs.".format(
                    ", ".join(names)
                ),
                "Name a folder of a model of natural language inference.",
            )
        self._among = [names[-1 if entailment == 0 else 0], names[entailment]]
        self.selects = {"per": "row", "among": self._among}
        self.notes.append(
            f"Each row is a text and its hypothesis, made by {self._template!r}: the score of {self._among[1]} is compared, shared with {self._among[0]}."
        )

    def run(self, rows: Sequence[dict[str, Any]], write: Callable[..., None]) -> list[dict[str, Any]]:
        if self.labels is not None:
            answers = self.call([row["text"] for row in rows], candidate_labels=self.labels)
            found = [
                [{"label": label, "score": score} for label, score in zip(one["labels"], one["scores"])]
                for one in answers
            ]
            write("logits", _as_logits(_by_class(found, self.labels), self._function), CLASSES)
            return []
        return [self._pair(row) for row in rows]

    def _pair(self, row: dict[str, Any]) -> dict[str, Any]:
        before, _, after = self._template.partition("{}")
        hypothesis = row["pair"]
        if not (
            hypothesis.startswith(before)
            and hypothesis.endswith(after)
            and len(hypothesis) > len(before + after)
        ):
            raise self.host.Refusal(
                "inputs-do-not-fit",
                f"The hypothesis {hypothesis!r} is not made by {self._template!r}.",
                "Name the template of these rows with ?hypothesis_template=, where {} stands for the label; {} alone takes each hypothesis as it is.",
            )
        label = hypothesis[len(before) : len(hypothesis) - len(after)]
        answer = self.call(row["text"], candidate_labels=[label], hypothesis_template=self._template)
        score = float(answer["scores"][0])
        best = self._among[1] if score >= 0.5 else self._among[0]
        return {"places": [{"names": [best]}, {"names": [self._among[1]], "scores": [score], "best": False}]}


def _by_class(found: Sequence[Any], labels: Sequence[str]) -> Any:
    """[rows, classes] the scores in the order of the classes; a name that two classes share is not told apart."""
    scores = [{one["label"]: one["score"] for one in row} for row in found]
    return np.array([[row[label] for label in labels] for row in scores], dtype=np.float64)


def _as_logits(scores: Any, function: str) -> Any:
    """Logits that have these scores: their logarithms, up to a constant; of a sigmoid its inverse."""
    if function == "none":
        return scores
    with np.errstate(divide="ignore"):
        logs = np.log(scores)
        return logs - np.log1p(-scores) if function == "sigmoid" else logs
