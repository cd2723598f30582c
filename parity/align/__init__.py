"""Alignment: which row, token, stage and class of one side is which of the other, and what could not be paired."""

from parity.align.labels import LabelAlignment, align_labels
from parity.align.padding import padding_side
from parity.align.stages import StageAlignment, StageSpec, align_stages
from parity.align.tokens import KINDS, Edit, RowAlignment, align_row

__all__ = [
    "KINDS",
    "Edit",
    "LabelAlignment",
    "RowAlignment",
    "StageAlignment",
    "StageSpec",
    "align_labels",
    "align_row",
    "align_stages",
    "padding_side",
]
