"""Whether a subject can run on these inputs: checked before anything is run, so that it is not a traceback later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from parity.align.tasks import task_of
from parity.border.description import Description
from parity.errors import InputsDoNotFit
from parity.inputs.inputs import Inputs, open_inputs
from parity.inputs.spec import InputsSpec
from parity.records.pair import Pair
from parity.records.stage import NotCompared

__all__ = ["check_fit", "fitted", "rows_left_out"]


def fitted(found: Inputs | None, spec: InputsSpec, described: Sequence[Description]) -> Inputs:
    """The inputs as these subjects read them: by choice where one decides between choices; without any the built-in probes.

    Raises InputsDoNotFit where an input has no choices.
    """
    by_choice = any(task_of(description).by_choice for description in described)
    inputs = found if found is not None else _probes(described, spec, choices=by_choice)
    return inputs.by_choice() if by_choice else inputs


def _probes(described: Sequence[Description], spec: InputsSpec, *, choices: bool) -> Inputs:
    """The built-in probes that all these subjects can read: paired where one reads nothing but pairs."""
    return open_inputs(
        spec,
        pair_probes="required" in {description.can.pairs for description in described},
        blank_probes=all(description.can.blank for description in described) and not choices,
        choice_probes=choices,
    )


def check_fit(spec: str, description: Description, inputs: Inputs, *, beside_recorded: bool = False) -> None:
    """Raises InputsDoNotFit: pairs where single texts are taken or the reverse, or not one text where one is read.

    `beside_recorded` says that the inputs must be those of a side which only replays.
    """
    pairs = description.can.pairs
    if pairs == "required" and inputs.pairs < inputs.count:
        raise InputsDoNotFit(
            f"{spec} takes pairs of texts, and {inputs.count - inputs.pairs:,} of {inputs.count:,} inputs have no second one.",
            next_step="Name the second text's column with --pair-column.",
        )
    if pairs == "no" and inputs.pairs:
        raise InputsDoNotFit(
            f"{spec} takes single texts, and {inputs.pairs:,} of {inputs.count:,} inputs are pairs.",
            next_step="Name the text's column with --text-column, which ignores the second one.",
        )
    if description.can.tokens and inputs.blank == inputs.count:
        raise InputsDoNotFit(
            f"None of the {inputs.count:,} inputs in {inputs.source} has a text, so {spec} has nothing to read.",
            next_step="Give --inputs a file with texts, in the order of the recorded outputs or with their ids."
            if beside_recorded
            else "Give --inputs a file with texts.",
        )


def rows_left_out(
    specs: Pair[str], described: Pair[Description], inputs: Inputs, *, limited: bool
) -> Iterator[NotCompared]:
    """The rows of a recorded side that are not among the inputs: it counts where the inputs are the other side's, since the user did not choose them."""
    for side, description in zip(Pair._fields, described, strict=True):
        recorded = description.recorded
        if recorded is None or recorded.count <= inputs.count:
            continue
        left_out = recorded.count - inputs.count
        names = [stage.name for stage in description.stages]
        yield NotCompared(
            stage="logits" if "logits" in names else next(iter(names[::-1]), "scores"),
            reason=f"{left_out:,} of the {recorded.count:,} rows that the {side} holds are not among the {inputs.count:,} inputs",
            side="reference" if side == "reference" else "candidate",
            counts=inputs.source in specs and not limited,
        )
