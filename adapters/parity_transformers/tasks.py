"""The table of tasks: which architectures have which, how they are loaded, and which stages their outputs are. One row a task."""

# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false
# What transformers hands over is typed in part only.

from __future__ import annotations

import sys
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
    "of_vocabulary",
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
    the end of by padding. `target` says that a decoder reads a text of its own. `head` is False for the encoder alone. `names` are those of
    its classes where no config names them;
    `shown` is an output that its class must have, where several heads end alike. `half` says that its texts are one half of what the
    model reads, which then is run by itself; `choices` that
    what the model takes has an axis of choices after that of rows.
    """

    endings: tuple[str, ...]
    task: str
    loader: str
    outputs: Outputs
    values: str = ""
    classes: bool = False
    of_row: bool = False
    target: bool = False
    head: bool = True
    names: tuple[str, ...] = ()
    shown: str = ""
    half: bool = False
    choices: bool = False


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
    Row(
        ("ForConditionalGeneration", "MTModel", "EncoderDecoderModel"),
        "seq2seq",
        "AutoModelForSeq2SeqLM",
        {"logits": ("logits", ("row", "target", "vocabulary"))},
        target=True,
    ),
    Row(
        ("ForMultipleChoice",),
        "multiple_choice",
        "AutoModelForMultipleChoice",
        {"logits": ("choice_logits", ("row", "class"))},
        choices=True,
    ),
    Row(
        ("ForNextSentencePrediction",),
        "next_sentence",
        "AutoModelForNextSentencePrediction",
        {"logits": ("nsp_logits", ("row", "class"))},
        names=("is next", "is not next"),
    ),
    Row(
        ("ForPreTraining",),
        "pre_training",
        "AutoModelForPreTraining",
        {
            "prediction_logits": ("logits", ("row", "token", "vocabulary")),
            "seq_relationship_logits": ("nsp_logits", ("row", "class")),
            "sop_logits": ("sop_logits", ("row", "class")),
        },
        shown="prediction_logits",
    ),
    Row(
        (),
        "discriminator",
        "AutoModelForPreTraining",
        {"logits": ("discriminator_logits", ("row", "token"))},
        names=("original", "replaced"),
        shown="logits",
    ),
)
_VECTOR: Outputs = {"text_embeds": ("embedding", ("row", "hidden"))}
_POOLED: Outputs = {"pooler_output": ("embedding", ("row", "hidden"))}
# Text encoders of models of texts and pictures whose `pooler_output` is what their users take.
_OF_PICTURES = ("clip_text_model", "siglip_text_model", "siglip2_text_model", "metaclip_2_text_model")
_ENCODER = Row((), "encoder", "AutoModel", {}, head=False)


def row_of(config: PretrainedConfig) -> Row:
    """The row of what config.json names; the encoder's, with its own class where config.json names one, for all else."""
    can = names_for(config)
    for architecture in config.architectures or []:
        for row in ROWS:
            if not architecture.endswith(row.endings):
                continue
            # One head that reads both ways, or one way as its config says.
            if getattr(config, "causal", None) is False and row.task == "causal_lm" and "masked_lm" in can:
                return next(one for one in ROWS if one.task == "masked_lm")
            # A head over the vocabulary may be named alike in a model that reads both ways: then it is the other row's.
            if not (of_vocabulary(row) or row.shown) or row.task in can:
                return row
            if row.shown:
                alike = (one for one in ROWS if one.loader == row.loader and one.task in can)
                return next(alike, _encoder(config))
    return _text_row(config) or _encoder(config)


def of_vocabulary(row: Row) -> bool:
    """Whether a head has a logit for each word of a vocabulary."""
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
    texts = _text_row(config)
    if texts is not None and texts.task == name:
        return texts
    return next((row for row in ROWS if row.task == name), None) or _encoder(config)


def names_for(config: PretrainedConfig) -> list[str]:
    """The tasks that this kind of model can be opened as."""
    import transformers

    own: dict[str, Any] = getattr(config, "auto_map", None) or {}
    found: list[str] = []
    for row in (*ROWS, _ENCODER):
        auto: Any = getattr(transformers, row.loader, None)
        try:
            known = row.loader in own or _has(auto._model_mapping[type(config)], row.shown)
        except Exception:  # noqa: BLE001  # no such class for this kind of model, or no such mapping in this version
            known = not row.head
        if known:
            found.append(row.task)
    texts = _text_row(config)
    return found if texts is None else [*found, texts.task]


def _has(known: Any, output: str) -> bool:
    """Whether a class has an output, by the record of its outputs beside it; any class where none is asked for."""
    if not output or known is None:
        return known is not None
    record = getattr(sys.modules[known.__module__], known.__name__ + "Output", None)
    return output in getattr(record, "__dataclass_fields__", {})


def _text_row(config: PretrainedConfig) -> Row | None:
    """The row of a model of texts and pictures, of whose texts a vector is used: of its text half, or of the whole model."""
    import transformers

    for architecture in config.architectures or []:
        known = getattr(transformers, architecture, None)
        if known is None or not isinstance(config, getattr(known, "config_class", None) or ()):
            continue
        if architecture.endswith("TextModelWithProjection"):
            return Row((), "embeddings", architecture, _VECTOR)
        if architecture.endswith("TextModel") and config.model_type in _OF_PICTURES:
            return Row((), "embeddings", "AutoModel", _POOLED)
        if hasattr(known, "get_text_features"):
            return Row(
                (), "embeddings", "AutoModel", {"embedding": ("embedding", ("row", "hidden"))}, half=True
            )
    return None


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
