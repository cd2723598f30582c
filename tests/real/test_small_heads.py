"""Heads of few columns: choices, pairs of sentences, replaced tokens, and the vector of a model of texts and pictures.

Of each a copy is parity, and one whose head alone differs is divergent at what that head computes.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# torch and transformers are typed in part only.

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from parity.records.audit import Audit
from tests.models import VOCABULARY, give_noise, tiny, tiny_bert, write_tokenizer
from tests.real.asking import compare, parity, stage

pytestmark = pytest.mark.real
TEXTS = ("a good film", "it was dull and very boring", "never", "i love the plot of the story")
_SMALL = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 40}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pairs of texts, and with inputs of two to four choices."""
    folder = tmp_path_factory.mktemp("inputs")
    pairs = [{"text": one, "text_pair": TEXTS[k - 1], "label": k % 2} for k, one in enumerate(TEXTS)]
    choices = [
        {"question": one, "choices": [TEXTS[(k + step) % 4] for step in range(1, 3 + k % 3)], "label": 1}
        for k, one in enumerate(TEXTS)
    ]
    for name, rows in (("pairs", pairs), ("choices", choices)):
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    return folder


def saved(kind: str, folder: Path, *, changed: str = "", **fields: Any) -> Path:
    """A tiny model of a class, every parameter with noise; those whose names begin with `changed` are other ones."""
    import torch
    import transformers

    cls = getattr(transformers, kind)
    torch.manual_seed(0)
    model = give_noise(cls(cls.config_class(**{"vocab_size": len(VOCABULARY), **_SMALL, **fields})), 3).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if changed and name.startswith(changed):
                parameter.copy_(-2 * parameter.flip(0) + 0.1)
    model.save_pretrained(folder)
    return write_tokenizer(folder)


def twins(kind: str, changed: str, out: Path, given: Path | None, **fields: Any) -> tuple[Audit, Audit]:
    """The audits of a model against itself, and against one with another head."""
    one, other = saved(kind, out / "one", **fields), saved(kind, out / "other", changed=changed, **fields)
    more = ("--limit", "6") if given is None else ("--inputs", str(given))
    return compare(f"hf:{one}", f"hf:{one}", out / "a", *more), compare(
        f"hf:{one}", f"hf:{other}", out / "b", *more
    )


@pytest.mark.false_pass(26, folder="b")
def test_between_choices_an_input_is_decided_and_held_against_its_label(inputs: Path, tmp_path: Path) -> None:
    same, other = twins("BertForMultipleChoice", "classifier", tmp_path, inputs / "choices.jsonl")
    assert ("parity", "multiple_choice") == (same.verdict, same.reference.task)
    assert (4, 11) == (same.inputs.choices, same.inputs.count)
    decided = same.decisions
    assert decided is not None
    assert (4, "choice", "accuracy") == (decided.examples, decided.noun, decided.metrics[0].metric)
    assert ("divergent", "choice_logits") == (
        other.verdict,
        other.first_divergence and other.first_divergence.stage,
    )
    assert other.decisions is not None
    assert other.decisions.flips
    flip = other.decisions.flips[0]
    assert flip.reference.startswith("choice ")
    assert flip.text in TEXTS


def test_a_choice_is_what_the_library_gives_for_all_choices_of_a_row_at_once(
    inputs: Path, tmp_path: Path
) -> None:
    import torch
    import transformers

    folder = saved("BertForMultipleChoice", tmp_path / "model")
    rows = [json.loads(line) for line in (inputs / "choices.jsonl").read_text(encoding="utf-8").splitlines()]
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model: Any = transformers.BertForMultipleChoice.from_pretrained(folder)
    model.eval()
    given = tokenizer([rows[2]["question"]] * 4, rows[2]["choices"], padding=True, return_tensors="pt")
    with torch.no_grad():
        expected = model(**{name: value.unsqueeze(0) for name, value in given.items()}).logits[0].tolist()
    row = tmp_path / "row.jsonl"
    row.write_text(json.dumps(dict(rows[2], label=expected.index(max(expected)))) + "\n", encoding="utf-8")
    audit = compare(f"hf:{folder}", f"hf:{folder}", tmp_path / "audit", "--inputs", str(row))
    assert audit.decisions is not None
    assert 1.0 == audit.decisions.metrics[0].reference


def test_choices_that_are_not_there_are_refused_and_a_recording_keeps_them(
    inputs: Path, tmp_path: Path
) -> None:
    folder = saved("BertForMultipleChoice", tmp_path / "model")
    run = parity("compare", f"hf:{folder}", f"hf:{folder}", "--inputs", str(inputs / "pairs.jsonl"))
    assert (2, True) == (run.code, "has no choices, and a side decides between choices" in run.complained)
    trace, given = tmp_path / "golden.trace", ("--inputs", str(inputs / "choices.jsonl"))
    assert 0 == parity("record", f"hf:{folder}", *given, "--out", str(trace)).code
    audit = compare(f"trace:{trace}", f"hf:{folder}", tmp_path / "audit")
    assert audit.decisions is not None
    assert ("parity", 4) == (audit.verdict, audit.decisions.examples)


@pytest.mark.false_pass(26, folder="b")
def test_next_sentences_are_decided_for_a_pair(inputs: Path, tmp_path: Path) -> None:
    same, other = twins("BertForNextSentencePrediction", "cls", tmp_path, inputs / "pairs.jsonl")
    assert ("parity", "next_sentence") == (same.verdict, same.reference.task)
    assert same.decisions is not None
    assert ["is next", "is not next"] == same.decisions.classes
    assert 4 == same.decisions.metrics[0].labelled
    assert ("divergent", "nsp_logits") == (
        other.verdict,
        other.first_divergence and other.first_divergence.stage,
    )


@pytest.mark.false_pass(26, folder="b")
@pytest.mark.parametrize(
    ("kind", "head", "shown"),
    [
        ("BertForPreTraining", "cls.seq_relationship", "nsp_logits"),
        ("AlbertForPreTraining", "sop_classifier", "sop_logits"),
    ],
)
def test_both_heads_of_pre_training_are_run_and_neither_excuses_the_other(
    kind: str, head: str, shown: str, inputs: Path, tmp_path: Path
) -> None:
    fields = {"embedding_size": 16} if kind.startswith("Albert") else {}
    same, other = twins(kind, head, tmp_path, inputs / "pairs.jsonl", **fields)
    assert ("parity", "pre_training") == (same.verdict, same.reference.task)
    assert {"equal"} == {stage(same, name).status for name in ("logits", shown)}
    assert ("divergent", shown) == (other.verdict, other.first_divergence and other.first_divergence.stage)
    given = ("--inputs", str(inputs / "pairs.jsonl"), "--policy", "decisions")
    judged = compare(f"hf:{tmp_path / 'one'}", f"hf:{tmp_path / 'other'}", tmp_path / "c", *given)
    assert judged.decisions is not None
    assert ("divergent", 0) == (judged.verdict, judged.decisions.flips_total)


@pytest.mark.false_pass(26, folder="b")
def test_a_discriminator_decides_each_token(inputs: Path, tmp_path: Path) -> None:
    same, other = twins(
        "ElectraForPreTraining",
        "discriminator_predictions",
        tmp_path,
        inputs / "pairs.jsonl",
        embedding_size=16,
    )
    assert ("parity", "discriminator") == (same.verdict, same.reference.task)
    assert same.decisions is not None
    assert ("token", ["original", "replaced"]) == (same.decisions.unit, same.decisions.classes)
    where = other.first_divergence and other.first_divergence.stage
    assert ("divergent", "discriminator_logits") == (other.verdict, where)
    assert other.decisions is not None
    assert {"original", "replaced"} == {
        name for one in other.decisions.flips for name in (one.reference, one.candidate)
    }


def test_the_projected_vector_of_a_text_encoder_is_its_embedding(tmp_path: Path) -> None:
    same, other = twins("CLIPTextModelWithProjection", "text_projection", tmp_path, None, projection_dim=16)
    assert ("parity", "embeddings") == (same.verdict, same.reference.task)
    assert "layer.1" in {record.stage for record in same.stages}
    assert same.embeddings is not None
    assert "embedding" == same.embeddings.stage
    assert ("divergent", "embedding") == (
        other.verdict,
        other.first_divergence and other.first_divergence.stage,
    )


def test_the_text_half_of_a_model_of_pictures_is_run_and_the_rest_counts_unless_texts_were_requested(
    tmp_path: Path,
) -> None:
    text = {
        **_SMALL,
        "vocab_size": len(VOCABULARY),
        "max_position_embeddings": 40,
        "bos_token_id": 2,
        "eos_token_id": 3,
    }
    vision = {**_SMALL, "image_size": 32, "patch_size": 16}
    folder = tmp_path / "clip"
    tiny("clip", text_config=text, vision_config=vision, projection_dim=16).save_pretrained(folder)
    write_tokenizer(folder)
    whole = compare(f"hf:{folder}", f"hf:{folder}", tmp_path / "a", "--limit", "6")
    assert "not_comparable" == whole.verdict
    assert "CLIPModel also takes pixel_values, and parity gives it only texts" in whole.headline
    texts = f"hf:{folder}?task=embeddings"
    audit = compare(texts, texts, tmp_path / "b", "--limit", "6")
    assert "parity" == audit.verdict
    assert {"layer.0", "layer.1", "embedding"} <= {record.stage for record in audit.stages}


@pytest.mark.parametrize(("causal", "task"), [(False, "masked_lm"), (True, "causal_lm")])
def test_one_head_that_reads_both_ways_is_opened_as_its_config_says(
    causal: bool, task: str, tmp_path: Path
) -> None:
    fields: dict[str, Any] = {
        "emb_dim": 24,
        "n_layers": 2,
        "n_heads": 3,
        "n_langs": 1,
        "mask_token_id": 4,
        "mask_index": 4,
    }
    places: dict[str, Any] = {"pad_index": 0, "bos_index": 2, "eos_index": 3, "unk_index": 1}
    folder = saved("XLMWithLMHeadModel", tmp_path / "xlm", causal=causal, **fields, **places)
    audit = compare(f"hf:{folder}", f"hf:{folder}", tmp_path / "a", "--limit", "4")
    assert ("parity", task) == (audit.verdict, audit.reference.task)


def test_a_language_model_without_a_pooler_says_that_an_encoder_of_it_gets_a_random_one(
    tmp_path: Path,
) -> None:
    folder = tiny_bert(tmp_path / "mlm", "AutoModelForMaskedLM")
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS) + "\n", encoding="utf-8")
    given = ("--inputs", str(tmp_path / "texts.txt"))
    trace = tmp_path / "golden.trace"
    assert 0 == parity("record", f"hf:{folder}?task=encoder", *given, "--out", str(trace)).code
    for reference, candidate in (
        (f"hf:{folder}", f"hf:{folder}"),
        (f"trace:{trace}", f"hf:{folder}?task=encoder"),
    ):
        audit = compare(reference, candidate, tmp_path / "audit", *given)
        assert "parity" == audit.verdict
        found = [one for one in audit.findings if one.cause == "weights.pooler_not_loaded"]
        assert [("notice", "observed")] == [(one.severity, one.standing) for one in found]
        assert "Neither side's files hold a pooler." in found[0].sentence
