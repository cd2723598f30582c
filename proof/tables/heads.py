"""Every head that `architectures` can name: a folder against its copy, and against one whose head alone differs."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# torch and safetensors are typed in part only.

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from proof.table import Case, Row

TITLE = "Folders whose head alone differs"
EXPECTED = (
    "A folder whose head is not run is never `parity`, and against its copy never `divergent`; one whose head is run is "
    "`parity` against its copy and `divergent` where the head differs."
)
COLUMNS = ("against its copy", "with another head", "what is said of the other head")

# The architecture, and what of its head differs: tensors by pattern, or a field of config.json as `field=value`.
_NOT_RUN = (("GPT2DoubleHeadsModel", "multiple_choice_head.*"),)
_RUN = (
    ("BertModel", "encoder.layer.2.output.dense.bias"),
    ("T5EncoderModel", "encoder.final_layer_norm.weight"),
    ("BertForSequenceClassification", "classifier.bias"),
    ("RobertaForTokenClassification", "classifier.bias"),
    ("BertForQuestionAnswering", "qa_outputs.bias"),
    ("BertForMaskedLM", "cls.predictions.bias"),
    ("BertLMHeadModel", "cls.predictions.transform.*"),
    ("RobertaForMaskedLM", "lm_head.dense.*"),
    ("XLMRobertaForMaskedLM", "lm_head.layer_norm.*"),
    ("DistilBertForMaskedLM", "vocab_transform.*"),
    ("AlbertForMaskedLM", "predictions.dense.*"),
    ("ElectraForMaskedLM", "generator_predictions.*"),
    ("DebertaV2ForMaskedLM", "*predictions*"),
    ("MPNetForMaskedLM", "lm_head.dense.*"),
    ("ModernBertForMaskedLM", "head.*"),
    ("BertForPreTraining", "cls.seq_relationship.*"),
    ("BertForNextSentencePrediction", "cls.*"),
    ("BertForMultipleChoice", "classifier.*"),
    ("RobertaForMultipleChoice", "classifier.*"),
    ("DistilBertForMultipleChoice", "pre_classifier.*"),
    ("AlbertForPreTraining", "sop_classifier.*"),
    ("ElectraForPreTraining", "discriminator_predictions.*"),
    ("MegatronBertForNextSentencePrediction", "cls.*"),
    ("FNetForPreTraining", "cls.seq_relationship.*"),
    ("CLIPTextModelWithProjection", "text_projection.weight"),
    ("XLNetLMHeadModel", "lm_loss.bias"),
    ("XLMWithLMHeadModel", "pred_layer.*"),
    ("GPT2LMHeadModel", "tie_word_embeddings=false"),
    ("LlamaForCausalLM", "lm_head.weight"),
    ("Qwen2ForCausalLM", "lm_head.weight"),
    ("GPTNeoXForCausalLM", "embed_out.weight"),
    ("PhiForCausalLM", "lm_head.bias"),
    ("GPTJForCausalLM", "lm_head.bias"),
    ("Gemma2ForCausalLM", "final_logit_softcapping=5.0"),
    ("CohereForCausalLM", "logit_scale=0.5"),
    ("OPTForCausalLM", "tie_word_embeddings=false"),
    ("T5ForConditionalGeneration", "decoder.block.1.*"),
    ("MT5ForConditionalGeneration", "decoder.final_layer_norm.weight"),
    ("BartForConditionalGeneration", "final_logits_bias"),
    ("MBartForConditionalGeneration", "final_logits_bias"),
    ("MarianMTModel", "*decoder.layers.1.*"),
    ("PegasusForConditionalGeneration", "*decoder.layers.0.*"),
    ("LEDForConditionalGeneration", "final_logits_bias"),
    ("BlenderbotForConditionalGeneration", "*decoder.layers.1.*"),
)
_MODULES = ("pooling", "normalize", "dense", "modules")


def cases(seed: int) -> list[Case]:
    """One case an architecture, and one for each part of a folder of sentence-transformers."""
    found = [
        Case(name, {"architecture": name, "change": change, "run": run, "seed": seed})
        for entries, run in ((_NOT_RUN, False), (_RUN, True))
        for name, change in entries
    ]
    return found + [
        Case(f"sentence-transformers: {part}", {"part": part, "run": True, "seed": seed}) for part in _MODULES
    ]


def run(case: Case, folder: Path) -> Row:
    """Build the folder and its wrong twin; compare it with its copy and with the twin."""
    from proof.audits import compare, write_texts
    from proof.tables.tasks import write_inputs
    from proof.vary import copy

    choices = "MultipleChoice" in str(case.data.get("architecture", ""))
    texts = write_inputs("choices", folder) if choices else write_texts(folder / "texts.jsonl")
    model, twin = folder / "model", folder / "twin"
    if "part" in case.data:
        sentence_transformers(model, int(case.data["seed"]))
        copy(model, twin)
        change_module(twin, str(case.data["part"]))
    else:
        _build_pair(case, model, twin)
    alike = compare(
        f"hf:{model}", f"hf:{copy(model, folder / 'copy')}", folder / "alike", "--inputs", str(texts)
    )
    other = compare(f"hf:{model}", f"hf:{twin}", folder / "other", "--inputs", str(texts))
    said = _said(other.audit.headline if other.audit is not None else other.complaint.strip())
    return Row((alike.verdict, other.verdict, said), _broken(alike.verdict, other.verdict, _expected(case)))


def _expected(case: Case) -> tuple[str, str]:
    """The verdict against the copy, and against the twin; a twin without modules.json has another task."""
    if case.data.get("part") == "modules":
        return "parity", "not_comparable"
    return ("parity", "divergent") if case.data["run"] else ("not_comparable", "not_comparable")


def _broken(alike: str, other: str, expected: tuple[str, str]) -> str:
    if (alike, other) == expected:
        return ""
    return f"{alike} against its copy, {other} against another head; expected {' and '.join(expected)}"


def _said(headline: str, longest: int = 160) -> str:
    return headline if len(headline) <= longest else headline[: longest - 1] + "…"


def _build_pair(case: Case, model: Path, twin: Path) -> None:
    from proof.tiny import build
    from proof.vary import copy, vary

    architecture, change, seed = (
        str(case.data["architecture"]),
        str(case.data["change"]),
        int(case.data["seed"]),
    )
    more: dict[str, Any] = {"tie_word_embeddings": False} if "lm_head.weight" in change else {}
    if architecture == "CLIPTextModelWithProjection":
        more["projection_dim"] = 16
    build(architecture, model, seed=seed, **more)
    field, setting, value = change.partition("=")
    if not setting:
        vary(model, twin, [change], 1.0)
        return
    copy(model, twin, **{field: json.loads(value)})
    if (
        field == "tie_word_embeddings"
    ):  # an output matrix of its own, where the other side has that of its embeddings
        _add_tensor(twin, "lm_head.weight", seed)


def _add_tensor(folder: Path, name: str, seed: int) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    from proof.vary import tensor_names

    path = folder / "model.safetensors"
    tensors = load_file(path)
    like = next(one for one in tensor_names(folder) if one.endswith(("wte.weight", "embed_tokens.weight")))
    generator = torch.Generator().manual_seed(seed)
    tensors[name] = torch.randn(tensors[like].shape, generator=generator)
    save_file(tensors, path, metadata={"format": "pt"})


def sentence_transformers(folder: Path, seed: int) -> None:
    """A BERT with mean pooling, a dense layer and a normalisation, as sentence-transformers writes them."""
    import torch
    from safetensors.torch import save_file

    from proof.tiny import build

    build("BertModel", folder, seed=seed)
    kinds = ("Transformer", "Pooling", "Dense", "Normalize")
    modules = [
        {
            "idx": k,
            "name": str(k),
            "path": f"{k}_{kind}" if k else "",
            "type": f"sentence_transformers.models.{kind}",
        }
        for k, kind in enumerate(kinds)
    ]
    for module in modules[1:]:
        (folder / str(module["path"])).mkdir()
    _write(folder / "modules.json", modules)
    _write(
        folder / "1_Pooling" / "config.json",
        {"pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True},
    )
    _write(folder / "2_Dense" / "config.json", {"in_features": 24, "out_features": 8, "bias": False})
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn((8, 24), generator=generator)
    save_file({"linear.weight": weight}, folder / "2_Dense" / "model.safetensors")


def change_module(folder: Path, part: str) -> None:
    import torch
    from safetensors.torch import save_file

    if part == "pooling":
        _write(
            folder / "1_Pooling" / "config.json",
            {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False},
        )
    elif part == "dense":
        save_file({"linear.weight": torch.ones(8, 24)}, folder / "2_Dense" / "model.safetensors")
    elif part == "normalize":
        modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
        _write(folder / "modules.json", modules[:-1])
    else:
        (folder / "modules.json").unlink()


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")
