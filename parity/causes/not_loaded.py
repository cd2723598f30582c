"""Parameters that are in no file of a side: its head, its pooler, or others; and tensors of the file that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from parity.align.names import some
from parity.causes.case import Case, pair, side
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence

__all__ = ["HeadNotLoaded", "MissingWeights", "PoolerNotLoaded"]

_HEAD = ("classifier", "score", "pre_classifier")


def _of(names: list[str]) -> str:
    """What the parameters belong to: "pooler", "head", or "" where they are not of one part."""
    if all("pooler" in name for name in names):
        return "pooler"
    return "head" if all(any(part in name for part in _HEAD) for name in names) else ""


def _case(words: str, *names: str, first: str | None = "logits") -> Case:
    return Case(words, pair(candidate=side(newly_initialised=list(names)), first=first))


_HEAD_CASE = _case("a checkpoint without its head", "classifier.weight", "classifier.bias")
_POOLER_CASE = _case("a checkpoint without its pooler", "bert.pooler.dense.weight", first="pooled")
_OTHER_CASE = _case("keys of another prefix", "classifier.weight", "encoder.layer.0.weight")


class _NotLoaded(Cause):
    """Parameters of one part that no file of a side holds. Parameters that only an excluded stage needs do not count."""

    PART: ClassVar[str]

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        for name, described in evidence.sides:
            unused = {parameter for parameters in described.excluded.values() for parameter in parameters}
            names = [parameter for parameter in described.newly_initialised if parameter not in unused]
            if names and _of(names) == self.PART:
                yield Suspicion(
                    f"{len(names)} parameters of the {name} are not in its file and were newly initialised: {some(names)}.",
                    "pooled" if self.PART == "pooler" else "logits",
                    {"side": name, "parameters": names},
                    severity=evidence.severity,
                )


class HeadNotLoaded(_NotLoaded):
    NAME = "weights.head_not_loaded"
    TITLE = "The head was not loaded"
    REMEDY = "Load the trained head; check the names of the keys. A PEFT adapter has its head where modules_to_save or task_type named it in training; else it is in neither the adapter nor the base model."
    STAGE = "logits"
    SPECIFICITY = 160
    PART = "head"
    CASES = (_HEAD_CASE,)
    BENIGN = (_POOLER_CASE, _OTHER_CASE)


class PoolerNotLoaded(_NotLoaded):
    NAME = "weights.pooler_not_loaded"
    TITLE = "The pooler was not loaded"
    REMEDY = "Load the trained pooler; check the names of the keys."
    STAGE = "pooled"
    SPECIFICITY = 150
    PART = "pooler"
    CASES = (
        _POOLER_CASE,
        Case(
            "a pooler that nothing shown needs",
            pair(candidate=side(newly_initialised=["pooler.weight"], excluded={"pooled": ["pooler.weight"]})),
        ),
        Case(
            "a masked language model whose files have no pooler",
            pair(*(side(excluded={"pooled": ["pooler"]}) for _ in range(2))),
        ),
    )
    BENIGN = (_HEAD_CASE,)

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        yield from super().suspect(evidence)
        lacking = {name: one.excluded["pooled"] for name, one in evidence.sides if "pooled" in one.excluded}
        if not lacking:
            return
        who = (
            "Neither side's files hold"
            if len(lacking) == 2
            else f"The files of the {next(iter(lacking))} do not hold"
        )
        yield Suspicion(
            f"{who} a pooler. Nothing that is compared needs it; whoever opens such a checkpoint as a bare encoder is given one that "
            "is drawn anew at each load, so its pooler_output is random.",
            "pooled",
            {
                "sides": list(lacking),
                "parameters": sorted({one for names in lacking.values() for one in names}),
            },
            standing="observed",
            remedy="Do not use pooler_output of this checkpoint; take the hidden states.",
        )


class MissingWeights(_NotLoaded):
    NAME = "weights.missing"
    TITLE = "Weights reached no parameter"
    REMEDY = "Map the keys of the file to the parameters."
    STAGE = "layer.0"
    SPECIFICITY = 80
    PART = ""
    CASES = (_OTHER_CASE,)
    BENIGN = (_HEAD_CASE, _POOLER_CASE)

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        yield from super().suspect(evidence)
        for name, described in evidence.sides:
            if described.unused_weights:
                names = described.unused_weights
                yield Suspicion(
                    f"{len(names)} tensors in the file of the {name} are used by nothing in its model: {some(names)}.",
                    "embeddings",
                    {"side": name, "tensors": names},
                    standing="observed",
                    could_hide=True,
                )
