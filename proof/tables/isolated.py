"""A weight changed by a thousandth of its spread in two layers, in the embeddings, in the head, or nowhere: what has an error of its own."""

from __future__ import annotations

import fnmatch
from pathlib import Path
from typing import Any, NamedTuple

from proof.table import Case, Row

TITLE = "Each layer's own error"
EXPECTED = """Two layers of four are changed at once (for ALBERT, whose layers are one module, that module), then the embeddings alone, then the
head alone: what was changed has an error of its own on the reference's input, and nothing else has. Nothing is named for the twin."""
COLUMNS = (
    "verdict",
    "modules with an error of their own",
    "stages",
    "isolated / total",
    "largest isolated of the others",
)

_AMOUNT = 1e-3


class _Planted(NamedTuple):
    """Where an architecture is changed: its fields, the path of layer k, a weight of a layer, one of the embeddings, one of the head."""

    fields: dict[str, Any]
    layer: str
    weight: str
    embeddings: str
    head: str


_FOUR = {"num_hidden_layers": 4}
_PLANTED = {
    "BertForSequenceClassification": _Planted(
        _FOUR, "bert.encoder.layer.{}", "attention.self.query.weight", "bert.embeddings|word_embeddings.weight", "classifier|weight"
    ),
    "RobertaForSequenceClassification": _Planted(
        _FOUR, "roberta.encoder.layer.{}", "intermediate.dense.weight", "roberta.embeddings|LayerNorm.weight", "classifier|dense.weight"
    ),
    "DistilBertForSequenceClassification": _Planted(
        {"n_layers": 4}, "distilbert.transformer.layer.{}", "attention.out_lin.weight", "distilbert.embeddings|position_embeddings.weight",
        "pre_classifier|weight",
    ),
    "ElectraForSequenceClassification": _Planted(
        _FOUR, "electra.encoder.layer.{}", "output.dense.weight", "electra.embeddings_project|weight", "classifier|out_proj.weight"
    ),
    "AlbertForSequenceClassification": _Planted(
        _FOUR, "albert.encoder.albert_layer_groups.0", "*attention.key.weight", "albert.encoder.embedding_hidden_mapping_in|weight",
        "classifier|weight",
    ),
    "GPT2ForSequenceClassification": _Planted(
        {"n_layer": 4}, "transformer.h.{}", "mlp.c_fc.weight", "transformer.wte|weight", "score|weight"
    ),
    "LlamaForSequenceClassification": _Planted(
        _FOUR, "model.layers.{}", "self_attn.v_proj.weight", "model.embed_tokens|weight", "score|weight"
    ),
    "MPNetForSequenceClassification": _Planted(
        _FOUR, "mpnet.encoder.layer.{}", "attention.attn.o.weight", "mpnet.embeddings|LayerNorm.weight", "classifier|out_proj.weight"
    ),
    "Qwen2ForSequenceClassification": _Planted(
        _FOUR, "model.layers.{}", "input_layernorm.weight", "model.embed_tokens|weight", "score|weight"
    ),
    "OPTForSequenceClassification": _Planted(
        _FOUR, "model.decoder.layers.{}", "fc1.weight", "model.decoder.embed_positions|weight", "score|weight"
    ),
}  # fmt: skip


def cases(seed: int) -> list[Case]:
    """Four cases an architecture."""
    return [
        Case(f"{name}: {kind}", {"architecture": name, "kind": kind, "seed": seed})
        for name in _PLANTED
        for kind in ("layers 1 and 3", "embeddings", "head", "twin")
    ]


def run(case: Case, folder: Path) -> Row:
    """Build the folder, change it, compare."""
    from proof.audits import compare, write_texts
    from proof.tiny import build
    from proof.vary import copy, tensor_names, vary

    planted = _PLANTED[str(case.data["architecture"])]
    seed = int(case.data["seed"])
    model = build(str(case.data["architecture"]), folder / "model", seed=seed, **planted.fields)
    modules, patterns = _changed(planted, str(case.data["kind"]))
    names = [name for pattern in patterns for name in fnmatch.filter(tensor_names(model), pattern)]
    if names:
        vary(model, folder / "changed", names, _AMOUNT, seed=seed)
    else:
        copy(model, folder / "changed")
    texts = write_texts(folder / "texts.jsonl")
    compared = compare(
        f"hf:{model}",
        f"hf:{folder / 'changed'}",
        folder / "audit",
        "--inputs",
        str(texts),
        "--depth",
        "layer",
    )
    audit = compared.audit
    if audit is None:
        return Row((compared.verdict, "", "", "", ""), compared.complaint.strip() or "it was not compared")
    found = [origin.module.candidate for origin in audit.origins]
    shares = [
        f"{origin.isolated_relative_l2 or 0.0:.0e} / {origin.total_relative_l2 or 0.0:.0e}"
        for origin in audit.origins
    ]
    others = max((one.isolated_relative_l2 or 0.0 for one in audit.layers if not one.own), default=0.0)
    cells = (
        audit.verdict,
        ", ".join(found),
        ", ".join(stage for origin in audit.origins for stage in origin.stages),
        ", ".join(shares),
        _size(others) if audit.layers else "",
    )
    unknown = [one.stage for one in audit.layers if one.isolated_relative_l2 is None]
    wrong = f"named {found} where {modules} was changed" if found != modules else ""
    return Row(cells, wrong or (f"not isolated: {unknown}" if unknown else ""))


def _size(error: float) -> str:
    """An error in words that are the same in every run where it is rounding."""
    return "0" if error == 0 else "below 1e-12" if error < 1e-12 else f"{error:.0e}"


def _changed(planted: _Planted, kind: str) -> tuple[list[str], list[str]]:
    """The modules that are to be named, and the tensors to change."""
    if kind == "twin":
        return [], []
    if kind == "layers 1 and 3":
        modules = list(dict.fromkeys(planted.layer.format(layer) for layer in (1, 3)))
        return modules, [f"{module}.{planted.weight}" for module in modules]
    module, _, weight = (planted.embeddings if kind == "embeddings" else planted.head).partition("|")
    return [module], [f"{module}.{weight}"]
