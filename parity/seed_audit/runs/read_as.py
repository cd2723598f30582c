"""What a run is asked for, and the rows that it reads: refused in a sentence where a seed audit has nothing to judge it by."""

from __future__ import annotations

from typing import NamedTuple

from parity.align.tasks import language_tasks, task_of
from parity.border.description import Description
from parity.errors import InputsDoNotFit
from parity.inputs.inputs import Inputs
from parity.inputs.single_texts import single_texts
from parity.measure.decision_rule import LARGEST, LARGEST_OF_ROWS
from parity.metrics.metric import Counted
from parity.seed_audit.runs.outputs_base import RunOutputs
from parity.seed_audit.runs.run_outputs import outputs_of

__all__ = ["Asked", "asked_of"]


class Asked(NamedTuple):
    """What is collected of a run, what its examples are decided by, and the inputs as it reads them: by choice, or text by text."""

    outputs: RunOutputs
    counted: Counted
    inputs: Inputs


def asked_of(subject: str, told: Description, inputs: Inputs) -> Asked:
    """What this run is asked for; InputsDoNotFit where it gives nothing that a seed audit compares."""
    task = task_of(told)
    refusal = _refused(subject, told)
    if refusal is not None:
        raise refusal
    counted = task.counted
    if task.by_choice:
        inputs = inputs.by_choice()
    elif task.embeds and inputs.pairs == inputs.count:
        # A recorded side holds what it was recorded on; each other one gives each text of a pair a vector.
        if told.recorded is not None:
            raise InputsDoNotFit(
                f"{subject} was recorded on pairs of texts, each as one text: it has no vector of either.",
                next_step="Give the run itself in place of its recording.",
            )
        counted, inputs = "scores", single_texts(inputs)
    elif task.embeds and inputs.pairs:
        raise InputsDoNotFit(
            f"{inputs.pairs:,} of {inputs.count:,} inputs are pairs of texts, and {subject} gives vectors: of pairs their cosines are judged, of "
            "single texts their neighbours.",
            next_step="Give a file of pairs alone, or of single texts alone.",
        )
    outputs = outputs_of(counted, inputs, told)
    missing = [name for name in outputs.stages if name not in {stage.name for stage in told.stages}]
    if missing and task.embeds:
        raise InputsDoNotFit(
            f"{subject} has hidden states of tokens, and no vector of a text.",
            next_step="Name how tokens are pooled (?pooling=mean), or give a folder that says it.",
        )
    if missing:
        raise InputsDoNotFit(
            f"{subject} has no {missing[0]}, and a seed audit compares decisions.",
            next_step="Give runs of a task that the table in docs/seeds.md names.",
        )
    return Asked(outputs, counted, inputs)


def _refused(subject: str, told: Description) -> InputsDoNotFit | None:
    task = task_of(told)
    rule = task.rule
    if rule is not None and rule.several:
        return InputsDoNotFit(
            f"{subject} decides each class separately (several may apply), and a seed audit needs one decision per example.",
            next_step="Give runs of classifiers that choose one class.",
        )
    if rule is not None and rule not in (LARGEST, LARGEST_OF_ROWS):
        # Everything that is measured of runs takes the class of the largest logit for the decision.
        return InputsDoNotFit(
            f"{subject} decides by a rule of its own, and a seed audit is about one class for each example.",
            next_step="Give runs of classifiers that choose the class of the largest logit.",
        )
    if task.wide and not task.target:
        others = language_tasks(told)
        return InputsDoNotFit(
            f"{subject} {task.does}, and no metric of many runs is of that.",
            next_step=f"Open it as a language model: ?task={others[0]}."
            if others
            else "Give runs of language models, whose texts have a perplexity.",
        )
    return None
