"""Folders of which a part is not run: a head, a decoder, what lies beside the model. None of them is `parity`, and none divergent
from its copy.

The heads that `architectures` can name are a table of the proof (proof/tables/heads.py); here are one of each kind, and
what carries the fact along.
"""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# torch, transformers and safetensors are typed in part only.

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from parity.border.description import Description
from parity.border.runner import Runner
from parity.errors import SubjectError
from parity.subjects.subject import parse_subject
from parity_transformers import adapter
from tests.models import VOCABULARY, tiny, tiny_bert, write_tokenizer
from tests.real.asking import compare, parity

pytestmark = pytest.mark.real

_SEQ2SEQ = {
    "d_model": 24, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 3, "decoder_attention_heads": 3,
    "encoder_ffn_dim": 40, "decoder_ffn_dim": 40, "max_position_embeddings": 40, "pad_token_id": 0, "bos_token_id": 2,
    "eos_token_id": 3, "decoder_start_token_id": 0, "forced_eos_token_id": 3,
}  # fmt: skip


def saved(family: str, kind: str, folder: Path, **changes: Any) -> Path:
    tiny(family, kind, vocab_size=len(VOCABULARY), **changes).save_pretrained(folder)
    return write_tokenizer(folder)


def described(folder: Path | str) -> Description:
    with Runner.start(parse_subject(f"hf:{folder}"), adapter, timeout=300) as runner:
        return runner.describe()


def refused(folder: Path) -> SubjectError:
    with pytest.raises(SubjectError) as caught:
        described(folder)
    return caught.value


def edit(file: Path, **changes: Any) -> None:
    content = json.loads(file.read_text(encoding="utf-8")) | changes
    file.write_text(json.dumps(content), encoding="utf-8")


def add_tensors(folder: Path, **tensors: Any) -> None:
    from safetensors.torch import load_file, save_file

    state = load_file(folder / "model.safetensors")
    save_file({**state, **tensors}, folder / "model.safetensors", metadata={"format": "pt"})


def sentence_transformers(folder: Path, pooling: str) -> Path:
    """A folder as sentence-transformers writes it: a mean or [CLS] pooling, a dense layer, a normalisation."""
    import torch
    from safetensors.torch import save_file

    tiny_bert(folder, "AutoModel")
    kinds = ("Transformer", "Pooling", "Dense", "Normalize")
    modules = [
        {
            "idx": k,
            "name": str(k),
            "path": "" if k == 0 else f"{k}_{kind}",
            "type": f"sentence_transformers.models.{kind}",
        }
        for k, kind in enumerate(kinds)
    ]
    (folder / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
    for module in modules[1:]:
        (folder / str(module["path"])).mkdir()
    settings = {f"pooling_mode_{mode}": mode == pooling for mode in ("cls_token", "mean_tokens")}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(settings), encoding="utf-8")
    (folder / "2_Dense" / "config.json").write_text(
        json.dumps({"in_features": 24, "out_features": 8, "bias": False}), encoding="utf-8"
    )
    save_file({"linear.weight": torch.ones(8, 24)}, folder / "2_Dense" / "model.safetensors")
    return folder


def test_a_model_with_a_head_that_parity_does_not_run_is_not_comparable_to_its_copy(tmp_path: Path) -> None:
    folder = saved("bert", "AutoModelForMaskedLM", tmp_path / "mlm")
    edit(folder / "config.json", architectures=["BertForOther"])
    shutil.copytree(folder, tmp_path / "copy")
    audit = compare(f"hf:{folder}", f"hf:{tmp_path / 'copy'}", tmp_path / "audit", "--limit", "8")
    assert "not_comparable" == audit.verdict
    assert audit.headline.startswith(
        "What was run agrees, but the head was not run: config.json names BertForOther, and parity runs BertModel; "
        "5 tensors, equal on both sides: cls.predictions.bias, "
    )
    entries = {item.stage: item for item in audit.not_compared if item.not_run or item.stage == "pooled"}
    assert {"head": True, "pooled": False} == {stage: item.counts for stage, item in entries.items()}
    assert "pooler.dense.bias, pooler.dense.weight" in entries["pooled"].reason
    assert "pooled" not in {record.stage for record in audit.stages}


def test_a_trace_carries_what_was_not_run(tmp_path: Path) -> None:
    folder = saved("gpt2", "AutoModelForCausalLM", tmp_path / "lm", pad_token_id=0)
    edit(folder / "config.json", architectures=["GPT2DoubleHeadsModel"])
    inputs = tmp_path / "texts.txt"
    inputs.write_text("one\ntwo three\n", encoding="utf-8")
    trace = tmp_path / "golden.trace"
    assert 0 == parity("record", f"hf:{folder}", "--inputs", str(inputs), "--out", str(trace)).code
    audit = compare(f"trace:{trace}", f"trace:{trace}", tmp_path / "audit")
    assert "not_comparable" == audit.verdict
    assert "GPT2DoubleHeadsModel" in audit.headline


def test_a_policy_of_decisions_does_not_call_a_classifier_beside_another_head_equivalent(
    tmp_path: Path,
) -> None:
    folder = tiny_bert(tmp_path / "two")
    edit(folder / "config.json", architectures=["BertForSequenceClassification", "BertForMaskedLM"])
    audit = compare(
        f"hf:{folder}", f"hf:{folder}?dtype=bfloat16", tmp_path / "audit", "--policy", "decisions"
    )
    assert "not_comparable" == audit.verdict
    assert "BertForMaskedLM" in audit.headline


def test_inspecting_lists_what_is_not_run(tmp_path: Path) -> None:
    folder = saved("bert", "AutoModelForMaskedLM", tmp_path / "mlm")
    edit(folder / "config.json", architectures=["BertForOther"])
    said = parity("inspect", f"hf:{folder}").said
    assert (
        "not run      head: config.json names BertForOther, and parity runs BertModel (cls.predictions.bias, "
        in said
    )
    assert "excluded     pooled: " in said


def test_a_bare_encoder_and_a_classifier_are_run_whole(tmp_path: Path) -> None:
    for kind in ("AutoModel", "AutoModelForSequenceClassification", "AutoModelForTokenClassification"):
        found = described(tiny_bert(tmp_path / kind, kind))
        assert ([], {}, {}) == (found.not_run, found.drawn, found.excluded)


def test_a_folder_without_architectures_whose_file_has_a_head_names_it(tmp_path: Path) -> None:
    folder = saved("bert", "AutoModelForMaskedLM", tmp_path / "mlm")
    edit(folder / "config.json", architectures=None)
    (head,) = described(folder).not_run
    assert ("head", True, 5) == (head.part, head.always, len(head.tensors))


def test_pickled_weights_tell_their_leftovers_with_the_same_digests(tmp_path: Path) -> None:
    import torch

    folder = saved("bert", "AutoModelForMaskedLM", tmp_path / "mlm")
    edit(folder / "config.json", architectures=["BertForOther"])
    other = Path(shutil.copytree(folder, tmp_path / "pickled"))
    torch.save(
        tiny("bert", "AutoModelForMaskedLM", vocab_size=len(VOCABULARY)).state_dict(),
        other / "pytorch_model.bin",
    )
    (other / "model.safetensors").unlink()
    (here,), (there,) = described(folder).not_run, described(other).not_run
    theirs = {one.name: one.digest for one in there.tensors}
    assert {one.name: one.digest for one in here.tensors}.items() <= theirs.items()


def test_a_leftover_tensor_of_a_classifier_counts_only_where_the_sides_differ_in_it(tmp_path: Path) -> None:
    import torch

    plain = tiny_bert(tmp_path / "plain")
    folder = Path(shutil.copytree(plain, tmp_path / "extra"))
    add_tensors(folder, **{"regression.weight": torch.ones(3)})
    assert "parity" == compare(f"hf:{folder}", f"hf:{folder}", tmp_path / "same", "--limit", "8").verdict
    audit = compare(f"hf:{plain}", f"hf:{folder}", tmp_path / "other", "--limit", "8")
    assert "not_comparable" == audit.verdict
    assert "regression.weight" in audit.headline


def test_a_parameter_that_no_output_needs_counts_only_where_the_sides_differ_in_it(tmp_path: Path) -> None:
    fields = {"d_model": 24, "n_layer": 2, "n_head": 3, "d_inner": 40}
    (part,) = described(saved("xlnet", "AutoModel", tmp_path / "xlnet", **fields)).not_run
    assert (False, ["mask_emb"]) == (part.always, [one.name for one in part.tensors])


def test_all_of_a_sequence_to_sequence_model_is_run_whose_config_names_no_start(tmp_path: Path) -> None:
    found = described(saved("t5", "AutoModelForSeq2SeqLM", tmp_path / "t5"))
    assert [] == found.not_run
    assert any("what the decoder begins with" in note for note in found.notes)


@pytest.mark.parametrize("family", ["marian", "pegasus"])
def test_the_encoder_alone_is_run_where_that_is_requested_and_the_decoder_named(
    family: str, tmp_path: Path
) -> None:
    folder = saved(family, "AutoModelForSeq2SeqLM", tmp_path / family, **_SEQ2SEQ)
    names = [stage.name for stage in described(folder).stages]
    assert {"encoder.layer.1", "decoder.layer.1", "logits"} <= set(names)
    found = described(f"{folder}?task=encoder")
    assert "layer.1" in [stage.name for stage in found.stages]
    assert not any(stage.name.startswith("decoder.") for stage in found.stages)
    assert {"decoder", "head"} == {part.part for part in found.not_run}


def test_modules_of_sentence_transformers_that_cannot_be_run_are_named_and_their_settings_compared(
    tmp_path: Path,
) -> None:
    folders = [sentence_transformers(tmp_path / str(size), "mean_tokens") for size in (8, 9)]
    for folder, size in zip(folders, (8, 9), strict=True):
        edit(folder / "2_Dense" / "config.json", out_features=size, activation_function="own.Activation")
    audit = compare(f"hf:{folders[0]}", f"hf:{folders[1]}", tmp_path / "audit", "--limit", "8")
    entries = {item.stage: item for item in audit.not_compared if item.not_run}
    assert ("not_comparable", ["dense", "normalize"]) == (audit.verdict, list(entries))
    assert "own.Activation, which is not one of torch" in audit.headline
    assert "out_features (8 against 9)" in audit.headline
    assert ["linear.weight"] == entries["dense"].not_run
    assert {"pooling"} == {record.stage for record in audit.stages} & {"pooling", "dense", "embedding"}


def test_an_adapter_beside_a_model_is_applied_by_the_library_and_refused_without_its_weights(
    tmp_path: Path,
) -> None:
    folder = tiny_bert(tmp_path / "model")
    settings = {"peft_type": "LORA", "base_model_name_or_path": str(folder), "r": 4}
    (folder / "adapter_config.json").write_text(json.dumps(settings), encoding="utf-8")
    assert "adapter_model.safetensors" in str(refused(folder))


def test_a_folder_of_an_adapter_alone_names_its_base(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text(
        json.dumps({"peft_type": "LORA", "base_model_name_or_path": "some/base"}), encoding="utf-8"
    )
    error = refused(tmp_path)
    assert "LORA adapter of the base model some/base" in str(error)
    assert "merge_and_unload" in error.next_step


def test_a_classifier_that_is_in_no_file_is_drawn(tmp_path: Path) -> None:
    folder = tiny_bert(tmp_path / "bare", "AutoModel")
    edit(folder / "config.json", architectures=["BertForSequenceClassification"])
    found = described(folder)
    assert {"logits": ["classifier.bias", "classifier.weight"]} == found.drawn
    assert {} == found.excluded


def test_a_seed_audit_refuses_runs_whose_classifier_is_in_no_file(tmp_path: Path) -> None:
    runs = [tiny_bert(tmp_path / str(seed), "AutoModel", seed=seed) for seed in range(2)]
    for folder in runs:
        edit(folder / "config.json", architectures=["BertForSequenceClassification"])
    inputs = tmp_path / "texts.txt"
    inputs.write_text("one\ntwo three\n", encoding="utf-8")
    out = str(tmp_path / "audit")
    run = parity("seeds", *(f"hf:{folder}" for folder in runs), "--inputs", str(inputs), "--out", out)
    assert 2 == run.code
    assert "which is in no file and is drawn at random at every load" in run.complained


@pytest.mark.parametrize("family", ["wav2vec2", "whisper", "vit"])
def test_a_model_that_does_not_read_text_is_refused_in_a_sentence(family: str, tmp_path: Path) -> None:
    import transformers

    config: Any = transformers.AutoConfig.for_model(family)
    config.architectures = [f"{family}Model"]
    config.save_pretrained(tmp_path)
    write_tokenizer(tmp_path)
    assert "is not a text model" in str(refused(tmp_path))


def test_a_model_that_needs_a_picture_beside_its_text_is_refused_in_a_sentence(tmp_path: Path) -> None:
    small: dict[str, Any] = {
        "hidden_size": 24,
        "num_hidden_layers": 2,
        "num_attention_heads": 3,
        "intermediate_size": 40,
    }
    tiny("vilt", vocab_size=len(VOCABULARY), image_size=32, patch_size=16, **small).save_pretrained(tmp_path)
    write_tokenizer(tmp_path)
    assert "is not a text model" in str(refused(tmp_path))
