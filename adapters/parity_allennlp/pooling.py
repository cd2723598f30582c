"""How one vector is made of a text's tokens, or of a word's pieces: AllenNLP's seq2vec encoders and `sub_token_mode`, in parity's words.

Runs inside the foreign interpreter: AllenNLP's objects only, Python 3.8.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# AllenNLP is not installed where types are checked: its objects have no types.

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch.nn import Module

__all__ = ["pieces_to_words", "pooling_of", "stage_of"]

SETTING = "embedding.pooling"
_PASSES = "PassThroughEncoder"


def pooling_of(pooler: Any) -> str:
    """What a seq2vec encoder does: cls, lasttoken, mean or sum where it has no weights, else the name that it is registered by.

    An encoder of a recurrent or convolutional network is its own kind of pooling: no other library has one of that name.
    """
    kind = type(pooler).__name__
    if kind == "ClsPooler":
        return "lasttoken" if pooler._cls_is_last_token else "cls"
    if kind == "BagOfEmbeddingsEncoder":
        return "mean" if pooler._averaged else "sum"
    if kind == "BertPooler":
        return "bert_pooler"
    inner = getattr(pooler, "_module", None)
    return kind if inner is None else type(inner).__name__


def stage_of(pooler: Any, encoder: Any) -> str:
    """The stage that a seq2vec encoder's output is; `encoder` is the seq2seq encoder between it and the transformer, None without one.

    A pooling without weights over the transformer's own tokens is what other libraries have as a pooling.
    """
    if type(pooler).__name__ == "BertPooler":
        return "pooled"
    direct = encoder is None or type(encoder).__name__ == _PASSES
    weightless = type(pooler).__name__ in ("ClsPooler", "BagOfEmbeddingsEncoder")
    return "pooling" if direct and weightless else "module.seq2vec_encoder"


def pieces_to_words(model: Module) -> str:
    """How the embedder makes a word of its pieces, in the words of `sub_token_mode`: first, last or average."""
    embedders = importlib.import_module("allennlp.modules.token_embedders")
    kind = embedders.PretrainedTransformerMismatchedEmbedder
    modes = [
        getattr(module, "sub_token_mode", "avg") for module in model.modules() if isinstance(module, kind)
    ]
    return {"avg": "average"}.get(modes[0], str(modes[0])) if modes else ""
