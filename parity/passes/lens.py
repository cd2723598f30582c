"""What each layer would have decided: each side's own head applied to what its layers return, on the same inputs.

It runs on a few of the sampled rows and decides nothing: it shows at which layer probabilities and decisions part. It is the last pass,
since a model that counts its calls is not what it was afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from parity.align.batch import PairedStage, paired_stages
from parity.align.plan import Plan
from parity.border.interventions import Interventions
from parity.border.runner import Batch, written
from parity.errors import ParityError
from parity.passes.after import AfterContext, AfterSettings
from parity.passes.forwards import NotFed, check_fed
from parity.passes.layer_decisions import LayerDecisions, Seen
from parity.passes.sample_feed import of_reference, small_batches
from parity.records.after import AfterResult
from parity.records.pair import Pair
from parity.records.passes import FeedKind, Phase
from parity.session.session import Session

__all__ = ["LENS"]

_TEMPERATURES = (0.5, 1.0, 2.0)
_ROWS, _TOKENS = 32, 2048
_WIDE_ROWS, _WIDE_TOKENS = 8, 256  # a head over a vocabulary costs as much as many layers
_AT_ONCE = 512  # tokens of one forward
_TOP = 10  # columns of a vocabulary


class _NotApplied(Exception):
    """Why a head was not applied to every layer."""


@dataclass(frozen=True)
class _Lens:
    name: str = "lens"
    title: str = "layer by layer"
    sentence: str = "each side's own head on every layer, on the reference's inputs"
    note: str = (
        "what each side would decide if it ended at a layer, on a few sampled rows; it decides nothing"
    )
    condition: str = ""
    phase: Phase = "after"
    feed: FeedKind = "shared"
    stage: str = "lens"

    def possible(self, sides: Pair[Session], plan: Plan, settings: AfterSettings) -> str:
        """Where both sides decide by one output, and their layers can be made to return something else."""
        task = plan.task
        if task is None or task.rule is None or task.activation is None:
            return "no probabilities are compared"
        if task.by_choice:
            return "each choice of an input is a row of its own"
        for name, side in zip(Pair._fields, sides, strict=True):
            if side.described.recorded is not None:
                return f"the {name} replays what was recorded"
            if not side.described.can.isolates:
                return (
                    f"the head of the {name} cannot be applied to other layers ({side.described.framework})"
                )
        return ""

    def run(self, context: AfterContext) -> AfterResult:
        """All layers of both sides; whatever goes wrong is a reason and no more, since nothing depends on this."""
        temperatures = sorted({*_TEMPERATURES, *context.settings.temperatures})
        found = LayerDecisions(context.plan, temperatures)
        rows, lengths = _chosen(context)
        described = Pair(*(side.described for side in context.sides))
        labels = described.reference.labels or described.candidate.labels or []
        try:
            for batch in small_batches(context.sides, rows, lengths, _AT_ONCE):
                _add(context, batch, found)
            return AfterResult(
                rows=len(rows), lens=found.records(), exhibits=found.exhibits(self.name, labels)
            )
        except (_NotApplied, NotFed) as unlike:
            reason = str(unlike)
        except ParityError as error:
            reason = error.sentence
        except Exception as error:  # noqa: BLE001  # see the docstring
            reason = f"it failed: {type(error).__name__}: {error}"
        return AfterResult(reason=reason.rstrip("."))


def _chosen(context: AfterContext) -> tuple[list[int], dict[int, int]]:
    """The rows that are run, the first of the sample until there are enough tokens; and the length of each."""
    window = context.window
    lengths = dict(zip((one.row for one in window.examples), window.lengths(), strict=True))
    most, tokens = (_WIDE_ROWS, _WIDE_TOKENS) if _is_wide(context) else (_ROWS, _TOKENS)
    chosen: list[int] = []
    for row, length in lengths.items():
        if not chosen or sum(lengths[one] for one in chosen) + length <= tokens:
            chosen.append(row)
    return chosen[:most], lengths


def _add(context: AfterContext, rows: Sequence[int], found: LayerDecisions) -> None:
    """One batch of rows on both sides."""
    output, window = _output(context), context.window.numbers
    asked = Interventions.lens(output, _TOP)
    reference = _forward(context, 0, asked, rows=rows, window=window.reference)
    if _is_wide(context):
        asked = Interventions.lens(output, _TOP, reference.stages["lens.columns"])
    feed = of_reference(context, reference, rows, window.candidate)
    candidate = _forward(context, 1, asked, **feed)
    check_fed(reference, candidate)
    layers = [_layers(batch) for batch in (reference, candidate)]
    if layers[0] != layers[1]:
        raise _NotApplied(
            f"the reference has {len(layers[0])} layers with its embeddings, the candidate {len(layers[1])}"
        )
    logits = _paired(context.plan, [f"lens.{name}" for name in layers[0]], Pair(reference, candidate), rows)
    best = (
        _paired(context.plan, [f"lens.{name}.best" for name in layers[0]], Pair(reference, candidate), rows)
        if _is_wide(context)
        else {}
    )
    for name in layers[0]:
        item, chosen = logits[f"lens.{name}"], best.get(f"lens.{name}.best")
        kept = _deciding(context, item)
        found.add(
            name,
            Seen(
                Pair(*(np.asarray(side, dtype=np.float64)[kept] for side in item.values)),
                item.rows[kept],
                item.positions[kept],
                None
                if chosen is None
                else Pair(*(np.asarray(side, dtype=np.int64)[kept, 0] for side in chosen.values)),
            ),
        )


def _forward(context: AfterContext, number: int, asked: Interventions, **feed: Any) -> Batch:
    side, name = context.sides[number], Pair._fields[number]
    with side.runner.intervening(asked):
        batch = written(side.runner.forward(stages=[_output(context)], **feed))
    if batch.failure is not None:
        raise batch.failure
    answer = (batch.calls or {}).get("lens")
    if answer is None:
        raise _NotApplied(f"the runner of the {name} cannot apply a head to other layers")
    if answer["reason"]:
        raise _NotApplied(f"the {name}: {answer['reason']}")
    return batch


def _output(context: AfterContext) -> str:
    """The output that decides."""
    assert context.plan.task is not None, "the pass is possible"
    return context.plan.task.outputs[0]


def _is_wide(context: AfterContext) -> bool:
    """Whether that is over a vocabulary."""
    return context.plan.task is not None and context.plan.task.wide


def _layers(batch: Batch) -> list[str]:
    return [str(name) for name in (batch.calls or {})["lens"]["stages"]]


def _paired(
    plan: Plan, stages: Sequence[str], batches: Pair[Batch], rows: Sequence[int]
) -> dict[str, PairedStage]:
    """These stages of two batches, at the same positions and with the classes in the reference's order."""
    found: dict[str, PairedStage] = {}
    for item in paired_stages(plan._replace(stages=tuple(stages)), batches, rows, None):
        if not isinstance(item, PairedStage):
            raise _NotApplied(f"{item.stage} cannot be compared: {item.reason}")
        found[item.stage] = item
    return found


def _deciding(context: AfterContext, item: PairedStage) -> NDArray[np.bool_]:
    """[n] what decides: every row; of tokens those that stand for text, where the task says so."""
    kept = np.ones(len(item.rows), dtype=np.bool_)
    encodings = context.window.encodings.reference
    places = {example.row: place for place, example in enumerate(context.window.examples)}
    axes = {seen.name: seen.axes for seen in context.sides.reference.described.stages}[_output(context)]
    task = context.plan.task
    if task is None or task.per(axes) != "token" or task.decided != "text":
        return kept
    for index, (row, position) in enumerate(zip(item.rows.tolist(), item.positions.tolist(), strict=True)):
        encoding = encodings[places[row]]
        if encoding is not None and position < len(encoding.special):
            kept[index] = not encoding.special[position]
    return kept


LENS = _Lens()
