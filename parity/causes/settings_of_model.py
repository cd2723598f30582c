"""Settings of the model that both configs have and that differ: epsilon, activation, heads, positions, layers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from parity.align.settings import transformer_settings
from parity.causes.case import Case, pair, side
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence

__all__ = ["Activation", "AttentionHeads", "LayerNormEpsilon", "NumberOfLayers", "PositionEmbedding"]


def _case(words: str, first: str | None, key: str, ours: Any, theirs: Any) -> Case:
    return Case(words, pair(side(config={key: ours}), side(config={key: theirs}), first=first))


_SAME = _case("the same settings", "layer.0", "hidden_act", "gelu", "gelu")


class _Setting(Cause):
    """A setting by the keys that families of models give it."""

    SPECIFICITY = 130
    KEYS: ClassVar[tuple[str, ...]]

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        ours, theirs = (transformer_settings(described) for described in evidence.described)
        for key in self.KEYS:
            if key not in ours or key not in theirs or ours[key] == theirs[key]:
                continue
            yield Suspicion(
                f"{key} is {ours[key]} in the reference and {theirs[key]} in the candidate.",
                self.STAGE,
                {"key": key, "reference": ours[key], "candidate": theirs[key]},
                severity=evidence.severity,
                settings=(key,),
            )


class LayerNormEpsilon(_Setting):
    NAME = "config.layer_norm_eps"
    TITLE = "Another layer-norm epsilon"
    REMEDY = "Set the reference's epsilon."
    STAGE = "embeddings"
    KEYS = ("layer_norm_eps", "layer_norm_epsilon", "rms_norm_eps", "norm_eps")
    CASES = (
        _case("a larger epsilon", "embeddings", "layer_norm_eps", 1e-12, 1e-5),
        Case(
            "an archive keeps the model's settings under transformer",
            pair(
                side(config={"transformer.layer_norm_eps": 1e-12, "trainer.epsilon": 1.0}),
                side(config={"layer_norm_eps": 1e-5}),
                first="embeddings",
            ),
        ),
    )
    BENIGN = (
        _SAME,
        Case(
            "a side that does not tell it", pair(side(config={"layer_norm_eps": 1e-12}), first="embeddings")
        ),
    )


class Activation(_Setting):
    NAME = "config.activation"
    TITLE = "Another activation"
    REMEDY = "Set the reference's activation."
    STAGE = "layer.0"
    KEYS = ("hidden_act", "activation_function", "hidden_activation", "activation")
    CASES = (_case("gelu_new for gelu", "layer.0", "hidden_act", "gelu", "gelu_new"),)
    BENIGN = (_SAME,)


class AttentionHeads(_Setting):
    NAME = "config.attention_heads"
    TITLE = "Another attention layout"
    REMEDY = "Set the reference's heads, scale and mask kind."
    STAGE = "layer.0"
    KEYS = ("num_attention_heads", "n_head", "num_heads", "num_key_value_heads")
    CASES = (_case("half as many heads", "layer.0", "num_attention_heads", 12, 6),)
    BENIGN = (_SAME,)


class PositionEmbedding(_Setting):
    NAME = "config.position_embedding"
    TITLE = "Another position embedding"
    REMEDY = "Set the reference's position embedding."
    STAGE = "embeddings"
    KEYS = ("position_embedding_type", "rope_theta", "rope_scaling")
    CASES = (_case("another rope base", "layer.0", "rope_theta", 10000.0, 500000.0),)
    BENIGN = (_SAME,)


class NumberOfLayers(_Setting):
    NAME = "config.num_layers"
    TITLE = "Another number of layers"
    REMEDY = "Use a checkpoint with the same layers."
    STAGE = "layer.0"
    KEYS = ("num_hidden_layers", "n_layer", "num_layers")
    CASES = (_case("a checkpoint with its last layers cut", "pooled", "num_hidden_layers", 12, 6),)
    BENIGN = (_SAME,)
