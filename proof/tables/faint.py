"""One weight of one layer moved by a millionth of its tensor's spread, or by one unit in the last place."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# torch and safetensors are typed in part only.

from __future__ import annotations

from pathlib import Path
from typing import Any

from proof.modules import MODULES, ONE_INSIDE
from proof.table import Case, Row

TITLE = "One weight moved by a millionth"
EXPECTED = """One element of one matrix of layer 1 is moved by 1e-6 of the matrix's standard deviation, or by one unit in the last place of float32. Every pair
is `divergent` from that layer on, invisible in float32, seen in float64; where it was one unit in the last place, its module is named and no other."""
COLUMNS = (
    "verdict",
    "first stage",
    "modules with an error of their own",
    "only in float64",
    "relative L2 in float32",
    "in float64",
    "float64",
)

_MOVED = {
    "LlamaForSequenceClassification": ("*layers.1.self_attn.o_proj.weight", "*layers.1.mlp.down_proj.weight"),
    "MistralForSequenceClassification": ("*layers.1.self_attn.v_proj.weight",),
    "Qwen2ForSequenceClassification": ("*layers.1.self_attn.q_proj.weight", "*layers.1.mlp.down_proj.weight"),
    "Qwen3ForSequenceClassification": ("*layers.1.self_attn.k_proj.weight",),
    "GPTNeoXForSequenceClassification": ("*layers.1.attention.dense.weight", "*layers.1.mlp.dense_4h_to_h.weight"),
    "ModernBertForSequenceClassification": ("*layers.1.attn.Wo.weight", "*layers.1.mlp.Wi.weight"),
    "GemmaForSequenceClassification": ("*layers.1.self_attn.o_proj.weight", "*layers.1.input_layernorm.weight"),
    "Gemma2ForSequenceClassification": ("*layers.1.mlp.up_proj.weight",),
    "Gemma3TextForSequenceClassification": ("*layers.1.self_attn.q_norm.weight",),
    "CohereModel": ("*layers.1.self_attn.o_proj.weight",),
    "MixtralForSequenceClassification": ("*layers.1.self_attn.o_proj.weight",),
    "GptOssForSequenceClassification": ("*layers.1.self_attn.o_proj.weight",),
    "BloomForSequenceClassification": ("*h.1.self_attention.dense.weight",),
    "T5ForSequenceClassification": ("*encoder.block.1.layer.0.SelfAttention.o.weight",),
    "BertForSequenceClassification": ("*layer.1.attention.output.dense.weight",),
    "DebertaForSequenceClassification": ("*layer.1.output.dense.weight",),
    "XGLMModel": ("*layers.1.fc2.weight",),
}  # fmt: skip
_AMOUNT = 1e-6


def cases(seed: int) -> list[Case]:
    """One case a tensor."""
    moved = [
        Case(f"{name}: {tensor.lstrip('*')}", {"architecture": name, "tensor": tensor, "seed": seed})
        for name, tensors in _MOVED.items()
        for tensor in tensors
    ]
    return [*moved, *(_last_place(name, inside, seed) for name, inside in ONE_INSIDE.items())]


def _last_place(name: str, inside: str, seed: int) -> Case:
    module = f"{MODULES[name].layers[-3:][0]}.{inside}"
    data: dict[str, str | int | float | bool] = {
        "architecture": name,
        "tensor": f"{module}.weight",
        "module": module,
        "seed": seed,
    }
    return Case(f"{name}: one unit in the last place of {module}.weight", data)


def run(case: Case, folder: Path) -> Row:
    """Build the folder, move one element, compare."""
    from proof.audits import compare, write_texts
    from proof.tiny import build
    from proof.vary import copy

    name, module = str(case.data["architecture"]), str(case.data.get("module", ""))
    fields = MODULES[name].fields if module else {}
    model = build(name, folder / "model", seed=int(case.data["seed"]), **fields)
    _move(copy(model, folder / "moved"), str(case.data["tensor"]), last_place=bool(module))
    texts = write_texts(folder / "texts.jsonl")
    compared = compare(f"hf:{model}", f"hf:{folder / 'moved'}", folder / "audit", "--inputs", str(texts))
    audit = compared.audit
    if audit is None or audit.first_divergence is None:
        headline = compared.complaint.strip() if audit is None else audit.headline
        status = "" if audit is None else audit.noise.candidate_float64
        return Row((compared.verdict, "", "", "", "", "", status), headline)
    first = audit.first_divergence
    record = next(one for one in audit.stages if (one.stage, one.pass_) == (first.stage, first.pass_))
    small = [record.relative_l2, record.float64_relative_l2]
    named = [one.module.candidate for one in audit.origins]
    cells = (
        audit.verdict,
        first.stage,
        ", ".join(named),
        "yes" if first.float64_only else "no",
        *("" if value is None else f"{value:.0e}" for value in small),
        audit.noise.candidate_float64,
    )
    # The layers of ALBERT are one module.
    stages = {"layer.1", "layer.1.attention", "layer.1.mlp", *(("layer.0",) if "Albert" in name else ())}
    right = first.stage in stages and first.float64_only and (not module or named == [module])
    return Row(cells, "" if right else f"{audit.headline} Named: {named}")


def _move(folder: Path, pattern: str, *, last_place: bool) -> None:
    """Move one element of the tensor: by a millionth of its spread one that float32 can move by so little, which one near the spread may not be; or the
    largest by one unit in the last place."""
    import fnmatch

    import torch

    from proof.vary import change_tensor, tensor_names

    def moved(tensor: Any) -> Any:
        flat = tensor.view(-1)
        spread = flat.double().std()
        if last_place:
            place = int(flat.abs().argmax())
            flat[place] = torch.nextafter(flat[place], torch.zeros(()))
        else:
            place = int((flat.double().abs() - spread / 8).abs().argmin())
            flat[place] += (_AMOUNT * spread).to(torch.float32)
        return tensor

    (name,) = fnmatch.filter(tensor_names(folder), pattern)
    change_tensor(folder, name, moved)
