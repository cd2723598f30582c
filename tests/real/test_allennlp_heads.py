"""AllenNLP models with heads of other kinds, against Transformers folders of the same weights: answers, roles, words, poolings."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# torch and transformers are typed in part only.

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from parity.records.audit import Audit, load_audit
from tests.real.allennlp_asking import MATERIALS, ask, train_archives
from tests.real.asking import compare, parity, stage

pytestmark = [pytest.mark.real]

VOCABULARY = MATERIALS / "bert-xsmall-dummy" / "vocab.txt"
SENTENCES = ["She said the work was good", "New York was not there", "it was not what we said, they do"]
QUESTIONS = [
    ("what was good", "She said the work was good, not new"),
    ("who", "they were in New York now"),
    ("what did he do", "he did what we said"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archives, made once, and inputs beside them."""
    folder = train_archives(tmp_path_factory.mktemp("heads"), "allennlp_heads.py")
    (folder / "texts.txt").write_text("\n".join(SENTENCES) + "\n", encoding="utf-8")
    rows = [json.dumps({"question": question, "context": context}) for question, context in QUESTIONS]
    (folder / "questions.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def archive(folder: Path, name: str) -> str:
    """The subject of an archive."""
    return f"allennlp:{folder}/{name}/model.tar.gz?transformer={folder}/tiny/bert"


def port(folder: Path, name: str, place: Path, kind: str, *, lower: bool = True, **config: Any) -> Path:
    """A Transformers folder with an archive's weights, its head by the names that it has there."""
    import torch
    import transformers

    held: dict[str, Any] = torch.load(folder / name / "best.th", weights_only=True)
    inside = next(key for key in held if key.endswith("embeddings.word_embeddings.weight"))
    start = inside.removesuffix("embeddings.word_embeddings.weight")
    settings = transformers.AutoConfig.from_pretrained(folder / "tiny" / "bert", **config)
    model: Any = getattr(transformers, kind).from_config(settings)
    prefix = "" if kind == "AutoModel" else "bert."
    state = {prefix + key[len(start) :]: value for key, value in held.items() if key.startswith(start)}
    for here, there in HEADS.items():
        for part in ("weight", "bias"):
            if f"{here}.{part}" in held:
                state[f"{there}.{part}"] = held[f"{here}.{part}"]
    known = set(model.state_dict())
    assert set() == known - set(state)
    model.load_state_dict({key: value for key, value in state.items() if key in known})
    model.save_pretrained(place)
    shutil.copyfile(VOCABULARY, place / "vocab.txt")
    tokenizer = {"tokenizer_class": "BertTokenizer", "do_lower_case": lower, "model_max_length": 64}
    (place / "tokenizer_config.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    return place


HEADS = {
    "_linear_layer": "qa_outputs",
    "tag_projection_layer._module": "classifier",
    "tag_projection_layer": "classifier",
}
LABELS = ["O", "B-PER", "I-PER", "B-LOC"]
CLASSES: dict[str, Any] = {
    "id2label": dict(enumerate(LABELS)),
    "label2id": {name: k for k, name in enumerate(LABELS)},
}
SAME = ("equal", "within_noise")


def causes(audit: Audit) -> list[str | None]:
    return [finding.cause for finding in audit.findings]


def sentences(audit: Audit) -> str:
    return " / ".join(finding.sentence for finding in audit.findings)


def test_a_port_of_transformer_qa_gives_the_same_logits_and_answers(folder: Path, tmp_path: Path) -> None:
    port(folder, "answers", tmp_path / "qa", "AutoModelForQuestionAnswering")
    given = ("--inputs", str(folder / "questions.jsonl"))
    audit = compare(archive(folder, "answers"), f"hf:{tmp_path / 'qa'}", tmp_path / "audit", *given)
    assert "parity" == audit.verdict, audit.headline
    for name in ("layer.0", "layer.1", "start_logits", "end_logits", "answer"):
        assert stage(audit, name).status in SAME, name
    assert audit.decisions is not None
    assert ("answer", 3, 3) == (audit.decisions.unit, audit.decisions.examples, audit.decisions.agree)
    assert "Of the reference: its reader splits a context at white space" in sentences(audit)


def test_the_rows_of_a_qa_head_swapped_in_the_port_are_divergent_at_the_start_logits(
    folder: Path, tmp_path: Path
) -> None:
    import torch
    import transformers

    place = port(folder, "answers", tmp_path / "qa", "AutoModelForQuestionAnswering")
    model: Any = transformers.AutoModelForQuestionAnswering.from_pretrained(place)
    with torch.no_grad():
        for parameter in model.qa_outputs.parameters():
            parameter.copy_(parameter.flip(0))
    model.save_pretrained(place)
    given = ("--inputs", str(folder / "questions.jsonl"))
    audit = compare(archive(folder, "answers"), f"hf:{place}", tmp_path / "audit", *given)
    assert audit.first_divergence is not None
    assert ("divergent", "start_logits") == (audit.verdict, audit.first_divergence.stage)
    assert "output.span_order" == causes(audit)[0]


def test_a_context_that_takes_several_windows_is_not_compared_and_counts(
    folder: Path, tmp_path: Path
) -> None:
    port(folder, "answers", tmp_path / "qa", "AutoModelForQuestionAnswering")
    rows = [*QUESTIONS, ("who", "they were " * 20)]
    lines = [json.dumps({"question": question, "context": context}) for question, context in rows]
    (tmp_path / "long.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    given = ("--inputs", str(tmp_path / "long.jsonl"))
    audit = compare(archive(folder, "answers"), f"hf:{tmp_path / 'qa'}", tmp_path / "audit", *given)
    assert "not_comparable" == audit.verdict
    (missing,) = [item for item in audit.not_compared if "windows" in item.reason]
    assert missing.counts
    assert "splits the context into 3 windows of at most 24 tokens (stride 4)" in missing.reason


MODES = [
    ("avg", "average", True),
    ("avg", "first", False),
    ("first", "first", True),
    ("first", "average", False),
]


@pytest.mark.parametrize(
    ("mode", "words", "same"),
    [
        pytest.param(*case, marks=[] if case[1] == "average" and case[2] else pytest.mark.long)
        for case in MODES
    ],
)
def test_words_are_compared_as_sub_token_mode_and_the_option_make_them(
    folder: Path, tmp_path: Path, mode: str, words: str, same: bool
) -> None:
    port(folder, f"tags-{mode}", tmp_path / "tags", "AutoModelForTokenClassification", **CLASSES)
    given = ("--inputs", str(folder / "texts.txt"))
    audit = compare(
        archive(folder, f"tags-{mode}"), f"hf:{tmp_path / 'tags'}?words={words}", tmp_path / "audit", *given
    )
    assert stage(audit, "layer.1").status in SAME
    if same:
        assert "parity" == audit.verdict, audit.headline
        return
    assert audit.first_divergence is not None
    assert ("divergent", "words") == (audit.verdict, audit.first_divergence.stage)
    assert "output.words" in causes(audit)


def test_a_mode_that_allennlp_does_not_know_is_refused_in_a_sentence(folder: Path, tmp_path: Path) -> None:
    subject = archive(folder, "tags-last")
    run = parity("compare", subject, subject, "--inputs", str(folder / "texts.txt"), "--out", str(tmp_path))
    assert 2 == run.code
    assert "AllenNLP cannot run the SimpleTagger of" in run.complained
    assert "Do not recognise 'sub_token_mode' last." in run.complained


def test_semantic_roles_are_seen_layer_by_layer_and_by_words(folder: Path, tmp_path: Path) -> None:
    place = port(
        folder, "roles", tmp_path / "roles", "AutoModelForTokenClassification", lower=False, **CLASSES
    )
    given = ("--inputs", str(folder / "texts.txt"))
    audit = compare(archive(folder, "roles"), f"hf:{place}", tmp_path / "audit", *given)
    for name in ("embeddings", "layer.0", "layer.1", "words"):
        assert stage(audit, name).status in SAME, name
    assert audit.decisions is not None
    assert ("parity", "word") == (audit.verdict, audit.decisions.unit), audit.headline
    assert "(Viterbi), which is not compared" in " ".join(audit.reference.notes)


def test_the_verb_is_marked_by_token_types_and_words_are_their_first_pieces(folder: Path) -> None:
    said = ask(archive(folder, "roles"), [("it was goody not there", "was"), "no"])
    assert [0, 0, 1, *[0] * 8] == said.stages["token_type_ids"][0].tolist()
    assert [0, 1, 2, 3, 3, 3, 3, 3, 4, 5, 0] == said.stages["word_ids"][0].tolist()
    firsts = said.stages["logits"][0][[1, 2, 3, 8, 9]]
    assert firsts.tolist() == said.stages["words"][0].tolist()
    assert [[1] * 5, [1] + [0] * 4] == said.stages["word_mask"].tolist()
    assert (7, 8) == said.encoding.offsets[3]


def test_given_ids_of_semantic_roles_are_what_the_model_sees(folder: Path) -> None:
    texts: list[Any] = [("it was goody not there", "was"), "no"]
    own = ask(archive(folder, "roles"), texts)
    names = ("input_ids", "attention_mask", "token_type_ids", "real", "word_ids")
    fed = {name: own.stages[name].tolist() for name in names}
    again = ask(archive(folder, "roles"), texts, inputs={**fed, "position_ids": None})
    assert list(own.stages) == list(again.stages)
    assert own.stages["words"].tolist() == again.stages["words"].tolist()


def test_a_case_of_the_transformers_name_is_kept_where_its_folder_has_another(
    folder: Path, tmp_path: Path
) -> None:
    place = tmp_path / "named"
    shutil.copytree(folder / "roles", place)
    (place / "model.tar.gz").unlink()
    text = (place / "config.json").read_text("utf-8")
    (place / "config.json").write_text(text.replace("tiny/bert", "tiny/bert-uncased"), encoding="utf-8")
    said = ask(f"allennlp:{place}?transformer={folder}/tiny/bert", ["The She"])
    assert ["the", "she"] == list(said.encoding.pieces[1:3])


POOLINGS = [
    ("mean", "mean", True),
    ("cls", "mean", False),
    ("last", "lasttoken", True),
    ("sum", "mean", False),
    ("cls", "cls", True),
]


@pytest.mark.parametrize(
    ("encoder", "pooling", "same"),
    [pytest.param(*case, marks=[] if case[0] in ("mean", "sum") else pytest.mark.long) for case in POOLINGS],
)
def test_a_seq2vec_encoder_without_weights_is_a_pooling(
    folder: Path, tmp_path: Path, encoder: str, pooling: str, same: bool
) -> None:
    port(folder, f"pools-{encoder}", tmp_path / "encoder", "AutoModel")
    given = ("--inputs", str(folder / "texts.txt"))
    audit = compare(
        archive(folder, f"pools-{encoder}"),
        f"hf:{tmp_path / 'encoder'}?pooling={pooling}",
        tmp_path / "audit",
        *given,
    )
    assert stage(audit, "layer.1").status in SAME
    if same:
        # The archive has a head that the encoder does not have, and no embedding: that is never parity.
        assert "not_comparable" == audit.verdict
        assert stage(audit, "pooling").status in SAME
        assert "output.pooling" not in causes(audit)
        return
    assert audit.first_divergence is not None
    assert ("divergent", "pooling") == (audit.verdict, audit.first_divergence.stage)
    assert "output.pooling" == causes(audit)[0]


def test_an_encoder_with_weights_is_a_stage_of_its_own_and_its_kind_is_known(folder: Path) -> None:
    kinds = {}
    for name in ("cnn", "lstm", "frozen"):
        said = ask(archive(folder, f"pools-{name}"), SENTENCES)
        kinds[name] = said.description.config["embedding.pooling"]
        assert ("pooled" if name == "frozen" else "module.seq2vec_encoder") in said.stages
        assert "pooling" not in said.stages
    assert {"cnn": "CnnEncoder", "lstm": "LSTM", "frozen": "bert_pooler"} == kinds


def test_what_a_reader_does_to_texts_is_named_in_findings(folder: Path, tmp_path: Path) -> None:
    subject = f"allennlp:{folder}/sentences/model.tar.gz?include=tiny_readers"
    given = ("--inputs", str(folder / "texts.txt"), "--out", str(tmp_path / "audit"))
    run = parity("compare", subject, subject, *given, cwd=Path(__file__).parent)
    assert run.code in {0, 1}, run.complained
    said = sentences(load_audit(tmp_path / "audit" / "audit.json"))
    assert "Of the reference and candidate: its reader splits each text into sentences" in said
    assert "reads only the first 7 rows of a file (max_instances)" in said
    assert "its reader makes lower case of every token (token_indexers.tokens.lowercase_tokens)" in said


@pytest.mark.false_pass(32)
def test_an_encoder_that_keeps_its_state_is_not_the_same_twice_and_never_parity(
    folder: Path, tmp_path: Path
) -> None:
    """An archive against itself. Fools whoever runs each side once: both begin at the same state, and agree."""
    subject = archive(folder, "keeps-state")
    audit = compare(subject, subject, tmp_path, "--inputs", str(folder / "texts.txt"))
    assert ("not_comparable", None) == (audit.verdict, audit.first_divergence), audit.headline
    assert set(SAME) >= {record.status for record in audit.stages}
    assert {"reference", "candidate"} == {item.side for item in audit.not_compared if item.counts}
    assert {"runtime.state"} <= set(causes(audit))
