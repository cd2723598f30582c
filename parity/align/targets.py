"""Targets: the same text for both decoders, token by token.

Where the inputs have none, the reference writes one, and the candidate is given it: as tokens where both have one vocabulary, else as a
text, which it tokenizes by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from parity.align.tokens import RowAlignment, align_row
from parity.border.description import Description
from parity.inputs.example import Encoding, Example
from parity.records.pair import Pair

__all__ = ["align_targets", "one_vocabulary", "reference_writes", "with_targets_of"]


def reference_writes(sides: Pair[Description], examples: Sequence[Example]) -> bool:
    """Whether the reference must write a target before the candidate can be given the same."""
    return all(side.can.target for side in sides) and any(example.target is None for example in examples)


def with_targets_of(
    sides: Pair[Description], examples: Sequence[Example], encodings: Sequence[Encoding | None]
) -> list[Example]:
    """The examples with the targets that the reference wrote where they have none, for the candidate."""
    alike = one_vocabulary(sides)
    return [
        example
        if example.target is not None or encoding is None or encoding.target is None
        else example._replace(target=encoding.target.text, target_ids=encoding.target.ids if alike else None)
        for example, encoding in zip(examples, encodings, strict=True)
    ]


def one_vocabulary(sides: Pair[Description]) -> bool:
    """Whether both tokenizers are known to have one vocabulary."""
    here, there = (side.tokenizer.get("vocabulary_digest") for side in sides)
    return here is not None and here == there


def align_targets(encodings: Pair[Sequence[Encoding | None]]) -> list[RowAlignment | None]:
    """How what the two decoders are fed corresponds, row by row; None where a side has no target."""
    return [
        None
        if here is None or there is None or here.target is None or there.target is None
        else align_row(here.target.fed, there.target.fed)
        for here, there in zip(encodings.reference, encodings.candidate, strict=True)
    ]
