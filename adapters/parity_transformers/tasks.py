"""The table of tasks: which architectures have which, how they are loaded, and what their logits are. One row a task."""

# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false
# What transformers hands over is typed in part only.

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from transformers import PretrainedConfig

__all__ = ["ROWS", "Row", "row_of", "task_name"]


class Row(NamedTuple):
    """One task: the ending of its architectures' names, what it is called, and the Auto class that loads them.

    `values` is what it is called where the config says that its outputs are values. `logits` are the axes of the output of that name,
    `classes` says whether its columns have names in the config, `of_row` whether they are of a whole row, which the model finds
    the end of by padding. `head` is False for the encoder alone.
    """

    ending: str
    task: str
    loader: str
    values: str = ""
    logits: tuple[str, ...] = ("row", "class")
    classes: bool = False
    of_row: bool = False
    head: bool = True


ROWS = (
    Row(
        "ForSequenceClassification",
        "sequence_classification",
        "AutoModelForSequenceClassification",
        values="regression",
        classes=True,
        of_row=True,
    ),
    Row(
        "ForTokenClassification",
        "token_classification",
        "AutoModelForTokenClassification",
        logits=("row", "token", "class"),
        classes=True,
    ),
    Row("ForQuestionAnswering", "question_answering", "AutoModelForQuestionAnswering"),
)
_ENCODER = Row("", "encoder", "AutoModel", head=False)


def row_of(config: PretrainedConfig) -> Row:
    """The row of what config.json names; the encoder's, with its own class where config.json names one, for all else."""
    import transformers

    for architecture in config.architectures or []:
        for row in ROWS:
            if architecture.endswith(row.ending):
                return row
    for architecture in config.architectures or []:
        known = getattr(transformers, architecture, None) if architecture.endswith("EncoderModel") else None
        if known is not None and isinstance(config, getattr(known, "config_class", None) or ()):
            return _ENCODER._replace(loader=architecture)
    return _ENCODER


def task_name(row: Row, config: Any) -> str:
    """The task as transformers takes it: one output, or outputs that the config declares as values, are not classes."""
    problem = getattr(config, "problem_type", None)
    of_values = problem == "regression" or (problem is None and int(config.num_labels) == 1)
    return row.values if row.values and of_values else row.task
