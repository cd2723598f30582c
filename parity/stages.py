"""The stages that parity knows by name: one table, in the order in which a model computes them.

A subject may announce stages of any other name as well (`output.tags`); those have no row here, and are listed among the layers.
`real` and `word_mask` are written beside the values and say which positions are tokens, or words, of the text, `word_ids` which word
of the row each token is a piece of (counted from 1; 0: of none); they are fed and no report shows them. `target_real` says so of the
positions of a target, which a decoder reads.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple

__all__ = [
    "DECIDING",
    "FED",
    "INPUT_STAGES",
    "LOGIT_SUMS",
    "MASKED_LOGITS",
    "MASKS",
    "Group",
    "StageKind",
    "beside_tokens",
    "group_of",
    "is_detail",
    "is_output",
    "is_text",
    "layer_of",
    "stage_rank",
    "stage_title",
]

Group = Literal["input", "mask", "encoder", "detail", "output"]
_LAYER = re.compile(r"(?:^|\.)layer\.(\d+)")


class StageKind(NamedTuple):
    """One row of the table.

    `pattern` matches the whole name; `axes` are those of its values (empty: symbols, or as the subject announces them); `group`
    is "input" (what is fed, shown as a stage), "mask" (fed, and not shown), "encoder", "detail" (inside a layer) or "output";
    `title` may use the pattern's groups, and is empty for the name as it is; `fed` says that a runner writes it as what it fed.
    """

    pattern: str
    axes: tuple[str, ...]
    group: Group
    title: str = ""
    fed: bool = False


_TOKENS, _HIDDEN, _CLASSES = ("row", "token"), ("row", "token", "hidden"), ("row", "class")
_TARGETS = ("row", "target")
_VECTOR = ("row", "hidden")
LOGIT_SUMS = "logit_sums"
"""Random sums of all logits of a position, by which logits that a trace does not keep are compared."""
MASKED_LOGITS = "masked_logits"
"""The logits at the mask, where each token of a text is masked in turn."""
_TABLE = (
    StageKind("text", (), "input", "Text"),
    StageKind("tokens", (), "input", "Tokens"),
    StageKind("input_ids", _TOKENS, "input", "Input ids", fed=True),
    StageKind("token_type_ids", _TOKENS, "input", "Token type ids", fed=True),
    StageKind("attention_mask", _TOKENS, "input", "Attention mask", fed=True),
    StageKind("position_ids", _TOKENS, "input", "Position ids", fed=True),
    StageKind("decoder_input_ids", _TARGETS, "input", "Decoder input ids", fed=True),
    StageKind("real", _TOKENS, "mask", fed=True),
    StageKind("target_real", _TARGETS, "mask", fed=True),
    StageKind("word_mask", ("row", "word"), "mask", fed=True),
    StageKind("word_ids", _TOKENS, "mask", fed=True),
    StageKind("embeddings", _HIDDEN, "encoder", "Embeddings"),
    StageKind("encoder.embeddings", _HIDDEN, "encoder", "Encoder embeddings"),
    StageKind("decoder.embeddings", (), "encoder", "Decoder embeddings"),
    StageKind(r"layer\.(\d+)\.attention", _HIDDEN, "detail", "Layer {0}, attention"),
    StageKind(r"layer\.(\d+)\.mlp", _HIDDEN, "detail", "Layer {0}, feed-forward"),
    StageKind(r".*\.(?:attention|mlp)", (), "detail"),
    StageKind(r"layer\.(\d+)", _HIDDEN, "encoder", "Layer {0}"),
    StageKind(r"encoder\.layer\.(\d+)", _HIDDEN, "encoder", "Encoder layer {0}"),
    StageKind(r"decoder\.layer\.(\d+)", (), "encoder", "Decoder layer {0}"),
    StageKind("pooled", _VECTOR, "encoder", "Pooled"),
    StageKind("pooling", _VECTOR, "encoder", "Pooling"),
    StageKind("dense", _VECTOR, "encoder", "Dense layer"),
    StageKind(r"dense\.(\d+)", _VECTOR, "encoder", "Dense layer {0}"),
    StageKind("normalize", _VECTOR, "encoder", "Normalisation"),
    StageKind(r"normalize\.(\d+)", _VECTOR, "encoder", "Normalisation {0}"),
    StageKind("embedding", _VECTOR, "output", "Embedding"),
    StageKind("logits", _CLASSES, "output", "Logits"),
    StageKind(LOGIT_SUMS, ("row", "token", "other"), "output", "Sums of all logits"),
    StageKind(MASKED_LOGITS, ("row", "token", "vocabulary"), "output", "Logits at the mask"),
    StageKind("words", ("row", "word", "class"), "output", "Logits of words"),
    StageKind("choice_logits", _CLASSES, "output", "Logits of choices"),
    StageKind("nsp_logits", _CLASSES, "output", "Next sentence logits"),
    StageKind("sop_logits", _CLASSES, "output", "Sentence order logits"),
    StageKind("discriminator_logits", _TOKENS, "output", "Logits of replaced tokens"),
    StageKind("start_logits", _TOKENS, "output", "Start logits"),
    StageKind("end_logits", _TOKENS, "output", "End logits"),
    StageKind("probabilities", _CLASSES, "output", "Probabilities"),
    StageKind("scores", (), "output", "Scores"),
    StageKind("label", (), "output", "Label"),
    StageKind("answer", (), "output", "Answer"),
    StageKind("next_token", (), "output", "Next token"),
    StageKind("generated", (), "output", "Generated text"),
    StageKind(r"generated\.batch", (), "output", "Generated text, in a batch"),
    StageKind(r"generated\.streamed", (), "output", "Generated text, streamed"),
)
INPUT_STAGES = tuple(kind.pattern for kind in _TABLE if kind.group == "input")
"""What is fed to a model and shown as a stage, from the text on."""
FED = tuple(kind.pattern for kind in _TABLE if kind.fed)
"""What a runner writes of what it fed, beside the values that it computed."""
MASKS = {"token": "real", "word": "word_mask", "target": "target_real"}
"""The mask of real positions by axis."""
_TEXTS = ("generated", "generated.batch", "generated.streamed")
_DERIVED = (
    "probabilities",
    "label",
    "scores",
    "answer",
    "next_token",
    *_TEXTS,
    LOGIT_SUMS,
    MASKED_LOGITS,
)
DECIDING = (
    "logits",
    "words",
    "choice_logits",
    "nsp_logits",
    "sop_logits",
    "discriminator_logits",
    *_DERIVED[:3],
    "next_token",
)
"""The outputs that decide, and what follows from them; where decisions are judged, they are what is judged."""
_OF_PAIRS = ("nsp_logits", "sop_logits")
_BEFORE = (*INPUT_STAGES, "embeddings", "encoder.embeddings")
_DECODER = "decoder."
_AFTER_ENCODER = 1 << 20  # layers
_AFTER = tuple(kind.pattern for kind in _TABLE[[kind.pattern for kind in _TABLE].index("pooled") :])


@lru_cache(maxsize=4096)
def _found(stage: str) -> tuple[StageKind | None, tuple[str, ...]]:
    for kind in _TABLE:
        if match := re.fullmatch(kind.pattern, stage):
            return kind, match.groups()
    return None, ()


def group_of(stage: str) -> Group | None:
    """The group of a stage; None for one that only its subject knows.

    >>> group_of("layer.11"), group_of("layer.11.mlp"), group_of("real"), group_of("output.tags")
    ('encoder', 'detail', 'mask', None)
    """
    kind, _ = _found(stage)
    return None if kind is None else kind.group


def stage_title(stage: str) -> str:
    """A stage in words; a name without a title stays as it is.

    >>> stage_title("layer.3.mlp"), stage_title("token_type_ids"), stage_title("output.x")
    ('Layer 3, feed-forward', 'Token type ids', 'output.x')
    """
    kind, groups = _found(stage)
    return kind.title.format(*groups) if kind is not None and kind.title else stage


def is_detail(stage: str) -> bool:
    """Whether a stage lies within a layer: such are announced, and written only when requested by name.

    >>> is_detail("layer.3.mlp"), is_detail("layer.3")
    (True, False)
    """
    return group_of(stage) == "detail"


def is_output(stage: str) -> bool:
    """Whether a stage is one of those that a subject with outputs only can have.

    >>> is_output("logits"), is_output("output.tags"), is_output("pooled")
    (True, True, False)
    """
    return stage.startswith("output.") or (group_of(stage) == "output" and stage not in _DERIVED)


def is_text(stage: str) -> bool:
    """Whether a stage is of texts that a subject wrote: users see them, so that no decision excuses a difference.

    >>> is_text("generated"), is_text("text")
    (True, False)
    """
    return stage in _TEXTS


def beside_tokens(stage: str) -> bool:
    """Whether a stage decides on a pair of texts as a whole, so that no decision on its tokens excuses a difference.

    >>> beside_tokens("nsp_logits"), beside_tokens("logits")
    (True, False)
    """
    return stage in _OF_PAIRS


def layer_of(stage: str) -> int | None:
    """The number of the layer that a stage belongs to; None outside all layers.

    >>> layer_of("layer.3.mlp"), layer_of("decoder.layer.0"), layer_of("layers.1")
    (3, 0, None)
    """
    layer = _LAYER.search(stage)
    return int(layer.group(1)) if layer else None


def stage_rank(stage: str) -> tuple[int, int, str]:
    """The place of a stage between text and label; used only where neither side announced an order.

    >>> sorted(["label", "decoder.layer.0", "layer.10", "layer.9", "tokens", "embeddings"], key=stage_rank)
    ['tokens', 'embeddings', 'layer.9', 'layer.10', 'decoder.layer.0', 'label']
    """
    if stage in _BEFORE:
        return 0, _BEFORE.index(stage), stage
    kind, _ = _found(stage)
    if kind is not None and kind.pattern in _AFTER:
        return 2, _AFTER.index(kind.pattern), stage
    return 1, (layer_of(stage) or 0) + (_AFTER_ENCODER if stage.startswith(_DECODER) else 0), stage
