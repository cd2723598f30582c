"""One weight tensor changed by a thousandth of its spread, at every module with a weight, one at a time: the module that is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from proof.table import Case, Row

TITLE = "Every module with a weight, changed by itself"
EXPECTED = """The weight of one module of a model with four layers is changed by a thousandth of its spread, one module after the other: that module is named
and no other. (Biases are left alone: that of a key cancels in the softmax.) Two modules in layers 1 and 3 at once: both, and only they. Nothing
is named for the twin."""
COLUMNS = (
    "verdict",
    "modules with an error of their own",
    "stages",
    "isolated / total",
    "multiple of the floor",
)

_AMOUNT = 1e-3
_LAYERS = 4


class _Modules(NamedTuple):
    """The modules with weights of an architecture: its fields, those beside the layers, the path of layer k, those in a layer."""

    fields: dict[str, Any]
    beside: tuple[str, ...]
    layer: str
    inside: tuple[str, ...]


_FOUR = {"num_hidden_layers": _LAYERS}
_BERT = (
    "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
    "attention.output.LayerNorm", "intermediate.dense", "output.dense", "output.LayerNorm",
)  # fmt: skip
_EMBEDDINGS = ("word_embeddings", "position_embeddings", "token_type_embeddings", "LayerNorm")


def _embeddings(base: str) -> tuple[str, ...]:
    return tuple(f"{base}.embeddings.{name}" for name in _EMBEDDINGS)


_MODULES = {
    "BertForSequenceClassification": _Modules(
        _FOUR, (*_embeddings("bert"), "bert.pooler.dense", "classifier"), "bert.encoder.layer.{}", _BERT
    ),
    "RobertaForSequenceClassification": _Modules(
        _FOUR, (*_embeddings("roberta"), "classifier.dense", "classifier.out_proj"), "roberta.encoder.layer.{}", _BERT
    ),
    "DistilBertForSequenceClassification": _Modules(
        {"n_layers": _LAYERS},
        (
            *(f"distilbert.embeddings.{name}" for name in ("word_embeddings", "position_embeddings", "LayerNorm")),
            "pre_classifier", "classifier",
        ),
        "distilbert.transformer.layer.{}",
        (
            *(f"attention.{name}_lin" for name in ("q", "k", "v", "out")),
            "sa_layer_norm", "ffn.lin1", "ffn.lin2", "output_layer_norm",
        ),
    ),
    "ElectraForSequenceClassification": _Modules(
        _FOUR,
        (*_embeddings("electra"), "electra.embeddings_project", "classifier.dense", "classifier.out_proj"),
        "electra.encoder.layer.{}",
        _BERT,
    ),
    "AlbertForSequenceClassification": _Modules(
        _FOUR,
        (*_embeddings("albert"), "albert.encoder.embedding_hidden_mapping_in", "albert.pooler", "classifier"),
        "albert.encoder.albert_layer_groups.0.albert_layers.0",
        (
            *(f"attention.{name}" for name in ("query", "key", "value", "dense", "LayerNorm")),
            "ffn", "ffn_output", "full_layer_layer_norm",
        ),
    ),
    "GPT2ForSequenceClassification": _Modules(
        {"n_layer": _LAYERS},
        ("transformer.wte", "transformer.wpe", "transformer.ln_f", "score"),
        "transformer.h.{}",
        ("ln_1", "attn.c_attn", "attn.c_proj", "ln_2", "mlp.c_fc", "mlp.c_proj"),
    ),
    "LlamaForSequenceClassification": _Modules(
        _FOUR,
        ("model.embed_tokens", "model.norm", "score"),
        "model.layers.{}",
        (
            "input_layernorm", *(f"self_attn.{name}_proj" for name in "qkvo"),
            "post_attention_layernorm", *(f"mlp.{name}_proj" for name in ("gate", "up", "down")),
        ),
    ),
}  # fmt: skip


def cases(seed: int) -> list[Case]:
    """A case for every module, two for two modules at once, and the twin, of each architecture."""
    found: list[Case] = []
    for name, modules in _MODULES.items():
        layers = list(dict.fromkeys(modules.layer.format(layer) for layer in range(_LAYERS)))
        inner = [f"{layer}.{module}" for layer in layers for module in modules.inside]
        both = [inner[len(modules.inside)], inner[-1]] if len(layers) > 1 else [inner[0], inner[-1]]
        for changed in (*([one] for one in (*modules.beside, *inner)), both, []):
            named = " and ".join(changed) or "twin"
            data: dict[str, str | int | float | bool] = {
                "architecture": name,
                "modules": "|".join(changed),
                "seed": seed,
            }
            found.append(Case(f"{name}: {named}", data))
    return found


def run(case: Case, folder: Path) -> Row:
    """Build the folder, change it, compare."""
    from proof.audits import compare, write_texts
    from proof.tiny import build
    from proof.vary import copy, vary

    architecture = str(case.data["architecture"])
    seed = int(case.data["seed"])
    model = build(architecture, folder / "model", seed=seed, **_MODULES[architecture].fields)
    modules = [one for one in str(case.data["modules"]).split("|") if one]
    if modules:
        vary(model, folder / "changed", [f"{one}.weight" for one in modules], _AMOUNT, seed=seed)
    else:
        copy(model, folder / "changed")
    texts = write_texts(folder / "texts.jsonl")
    compared = compare(f"hf:{model}", f"hf:{folder / 'changed'}", folder / "audit", "--inputs", str(texts))
    audit = compared.audit
    if audit is None:
        return Row((compared.verdict, "", "", "", ""), compared.complaint.strip() or "it was not compared")
    found = [one.module.candidate for one in audit.origins]
    shares = [
        f"{one.isolated_relative_l2 or 0.0:.0e} / {one.total_relative_l2 or 0.0:.0e}" for one in audit.origins
    ]
    least = min((one.times_floor or 0.0 for one in audit.origins), default=0.0)
    cells = (
        audit.verdict,
        ", ".join(found),
        ", ".join(stage for one in audit.origins for stage in one.stages),
        ", ".join(shares),
        "more than 1e6" if least > 1e6 else f"{least:.0e}" if found else "",
    )
    return Row(cells, "" if found == modules else f"named {found} where {modules} was changed")
