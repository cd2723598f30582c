"""The table of tasks: which architectures have which, how they are loaded, and which stages their outputs are. One row a task."""

# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false
# What transformers hands over is typed in part only.

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, NamedTuple, Tuple

if TYPE_CHECKING:
    from transformers import PretrainedConfig

    from parity._in_process.host import Host

__all__ = [
    "ROWS",
    "Outputs",
    "Row",
    "chosen_by",
    "names_for",
    "row_named",
    "row_of",
    "row_of_embedder",
    "task_name",
]

Outputs = Dict[str, Tuple[str, Tuple[str, ...]]]
"""The outputs of a model that are stages, by their key there: the stage's name and axes."""


class Row(NamedTuple):
    """One task: how the names of its architectures end, what it is called, the Auto class that loads them, and its outputs.

    `values` is what it is called where the config says that its outputs are values. `classes` says whether the columns of its
    logits have names in the config, `of_row` whether they are of a whole row, which the model finds
    the end of by padding. `head` is False for the encoder alone.
    """

    endings: tuple[str, ...]
    task: str
    loader: str
    outputs: Outputs
    values: str = ""
    classes: bool = False
    of_row: bool = False
    head: bool = True


ROWS = (
    Row(
        ("ForSequenceClassification",),
        "sequence_classification",
        "AutoModelForSequenceClassification",
        {"logits": ("logits", ("row", "class"))},
        values="regression",
        classes=True,
        of_row=True,
    ),
    Row(
        ("ForTokenClassification",),
        "token_classification",
        "AutoModelForTokenClassification",
        {"logits": ("logits", ("row", "token", "class"))},
        classes=True,
    ),
    Row(
        ("ForQuestionAnswering",),
        "question_answering",
        "AutoModelForQuestionAnswering",
        {"start_logits": ("start_logits", ("row", "token")), "end_logits": ("end_logits", ("row", "token"))},
    ),
    Row(
        ("ForMaskedLM",),
        "masked_lm",
        "AutoModelForMaskedLM",
        {"logits": ("logits", ("row", "token", "vocabulary"))},
    ),
    Row(
        ("ForCausalLM", "LMHeadModel"),
        "causal_lm",
        "AutoModelForCausalLM",
        {"logits": ("logits", ("row", "token", "vocabulary"))},
    ),
)
_ENCODER = Row((), "encoder", "AutoModel", {}, head=False)


def row_of(config: PretrainedConfig) -> Row:
    """The row of what config.json names; the encoder's, with its own class where config.json names one, for all else."""
    can = names_for(config)
    for architecture in config.architectures or []:
        for row in ROWS:
            # A head over the vocabulary may be named alike in a model that reads both ways: then it is the other row's.
            if architecture.endswith(row.endings) and (not _of_vocabulary(row) or row.task in can):
                return row
    return _encoder(config)


def _of_vocabulary(row: Row) -> bool:
    return any(axes[-1] == "vocabulary" for _, axes in row.outputs.values())


def row_named(name: str, model: str, config: PretrainedConfig, host: Host) -> Row:
    """The row of the task that the user named; refuses one that this kind of model does not have, with those that it has."""
    can = names_for(config)
    if name not in can:
        raise host.Refusal(
            "bad-option-value",
            f"task={name}: {model} ({config.model_type}) cannot be opened so.",
            f"It can be opened as: {', '.join(can)}.",
        )
    return next((row for row in ROWS if row.task == name), None) or _encoder(config)


def names_for(config: PretrainedConfig) -> list[str]:
    """The tasks that this kind of model can be opened as."""
    import transformers

    own: dict[str, Any] = getattr(config, "auto_map", None) or {}
    found: list[str] = []
    for row in (*ROWS, _ENCODER):
        auto: Any = getattr(transformers, row.loader, None)
        try:
            known = row.loader in own or auto._model_mapping[type(config)] is not None
        except Exception:  # noqa: BLE001  # no such class for this kind of model, or no such mapping in this version
            known = not row.head
        if known:
            found.append(row.task)
    return found


def chosen_by(option: str | None, modules: str, config: PretrainedConfig) -> str:
    """What the task was found by; `modules` is where the modules after the model were found, empty without any."""
    if option is not None or modules:
        return "?task=" if option is not None else modules
    return "config.json" if config.architectures else "default"


def _encoder(config: PretrainedConfig) -> Row:
    import transformers

    for architecture in config.architectures or []:
        known = getattr(transformers, architecture, None) if architecture.endswith("EncoderModel") else None
        if known is not None and isinstance(config, getattr(known, "config_class", None) or ()):
            return _ENCODER._replace(loader=architecture)
    return _ENCODER


def row_of_embedder(config: PretrainedConfig) -> Row:
    """The row of an encoder with modules after it that make one vector of a text."""
    return _encoder(config)._replace(task="embeddings")


def task_name(row: Row, config: Any) -> str:
    """The task as transformers takes it: one output, or outputs that the config declares as values, are not classes."""
    problem = getattr(config, "problem_type", None)
    of_values = problem == "regression" or (problem is None and int(config.num_labels) == 1)
    return row.values if row.values and of_values else row.task
