"""Checkpoints whose hidden states have an outlier dimension: the same model, and one with a small fault."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# torch and safetensors are typed in part only.

from __future__ import annotations

from pathlib import Path
from typing import Any

from proof.modules import MODULES, ONE_INSIDE
from proof.table import Case, Row

TITLE = "An outlier dimension of 400 in every hidden state"
EXPECTED = """One unit of the hidden states is 400 where the others are about 1, as in many trained models. The same model, read again, under another
attention or in batches of another size, is `parity`, though its hidden states differ by far more than a fixed tolerance allows. A weight of one module
changed by one part in ten thousand of its spread is `divergent`, and that module is named and no other."""
COLUMNS = (
    "verdict",
    "largest hidden state",
    "largest difference",
    "relative L2",
    "modules with an error of their own",
)

_LARGE, _UNIT = 400.0, 5
_AMOUNT = 1e-4
_PAIRS = {
    "read again": ("", ""),
    "eager, sdpa": ("?attn=eager", "?attn=sdpa"),
    "in batches of 1, of 32": ("?batch_size=1", "?batch_size=32"),
}
_FAULT = "a weight changed by 1e-4"
_NORMS = ("*LayerNorm.bias", "*layer_norm.bias")
# The tensors that make every hidden state large in one unit: the last norm of a layer, or what all layers add to.
_TENSORS = {
    "ModernBertForSequenceClassification": ("*embeddings.norm.weight",),
    "GPT2ForSequenceClassification": ("*wte.weight",),
    "GPTNeoForSequenceClassification": ("*wte.weight",),
    "LlamaForSequenceClassification": ("*embed_tokens.weight",),
    "Qwen2ForSequenceClassification": ("*embed_tokens.weight",),
    "OPTForSequenceClassification": ("*decoder.embed_tokens.weight",),
    "T5EncoderModel": ("shared.weight",),
}


def cases(seed: int) -> list[Case]:
    """Of each architecture the three pairs of the same model, and the fault."""
    return [
        Case(f"{name}: {pair}", {"architecture": name, "pair": pair, "seed": seed})
        for name in MODULES
        for pair in (*_PAIRS, _FAULT)
    ]


def run(case: Case, folder: Path) -> Row:
    """Build the folder, make one unit large, compare."""
    from proof.audits import TEXTS, compare, write_texts
    from proof.tiny import build
    from proof.vary import copy, vary

    name, pair, seed = str(case.data["architecture"]), str(case.data["pair"]), int(case.data["seed"])
    modules = MODULES[name]
    model = build(name, folder / "model", seed=seed, **modules.fields)
    _enlarge(model, _TENSORS.get(name, _NORMS))
    faulty = pair == _FAULT
    module = f"{modules.layers[-3:][0]}.{ONE_INSIDE[name]}" if faulty else ""
    twin = folder / "twin"
    if faulty:
        vary(model, twin, [modules.weight(module)], _AMOUNT, seed=seed)
    else:
        copy(model, twin)
    texts = write_texts(folder / "texts.jsonl", TEXTS * 5)
    ours, theirs = _PAIRS.get(pair, ("", ""))
    compared = compare(f"hf:{model}{ours}", f"hf:{twin}{theirs}", folder / "audit", "--inputs", str(texts))
    audit = compared.audit
    if audit is None:
        refused = pair == "eager, sdpa" and compared.verdict == "[bad-option-value]"
        cells = ("no sdpa" if refused else compared.verdict, "", "", "", "")
        return Row(cells, "" if refused else compared.complaint.strip())
    layers = [one for one in audit.stages if one.stage.startswith("layer.") and one.relative_l2 is not None]
    largest = _largest(name, model)
    named = [one.module.candidate for one in audit.origins]
    cells = (
        audit.verdict,
        f"{largest:.0f}",
        f"{max((one.max_abs.value or 0.0 for one in layers), default=0.0):.0e}",
        f"{max((one.relative_l2 or 0.0 for one in layers), default=0.0):.0e}",
        ", ".join(named),
    )
    if largest < _LARGE / 2:
        return Row(cells, f"The largest hidden state is {largest:.3g}.")
    right = audit.verdict == ("divergent" if faulty else "parity") and named == [module] * faulty
    return Row(cells, "" if right else f"{audit.headline} Named: {named}")


def _enlarge(folder: Path, patterns: tuple[str, ...]) -> None:
    import fnmatch

    from proof.vary import change_tensor, tensor_names

    def enlarged(tensor: Any) -> Any:
        tensor[..., _UNIT] = _LARGE
        return tensor

    names = {name for pattern in patterns for name in fnmatch.filter(tensor_names(folder), pattern)}
    for name in sorted(names):
        change_tensor(folder, name, enlarged)


def _largest(architecture: str, folder: Path) -> float:
    """The largest value of a hidden state on a few tokens."""
    import torch
    import transformers

    model = getattr(transformers, architecture).from_pretrained(folder).eval()
    with torch.no_grad():
        seen = model(input_ids=torch.tensor([[2, 7, 8, 9, 3]]), output_hidden_states=True)
    return max(float(one.abs().max()) for one in seen.hidden_states)
