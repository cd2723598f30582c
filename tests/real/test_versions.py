"""One folder in several versions of Transformers: parity where nothing broke, and the break named where something did."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from proof.tiny import build
from tests.models import VOCABULARY, WORDS, tiny, tiny_bert
from tests.real.asking import compare, stage
from tests.real.environments import OTHERS, interpreter_of

pytestmark = [pytest.mark.real, pytest.mark.slow]

NEWEST = "5.23.0"
TEXTS = (
    "the film was good",
    "I never liked this plot; the acting was awful.",
    "A dull story, and very boring!",
    "they always love it, but we hate the movie",
)


def _at(folder: Path | str, version: str) -> str:
    """The folder as a subject in the interpreter that has this version."""
    if version == NEWEST:
        import transformers

        if transformers.__version__ != NEWEST:
            pytest.skip(f"this is transformers {transformers.__version__}, not {NEWEST}")
        return f"hf:{folder}@{sys.executable}"
    interpreter = interpreter_of(OTHERS[version])
    if interpreter is None:
        pytest.skip(f"transformers {version} is not built: make versions")
    return f"hf:{folder}@{interpreter}"


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("texts") / "texts.txt"
    path.write_text("\n".join(TEXTS) + "\n", encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("older", "newer"), [("4.12.5", "4.20.1"), ("4.20.1", NEWEST), ("4.12.5", NEWEST), ("4.57.6", NEWEST)]
)
def test_the_same_folder_is_parity_in_any_two_versions(older: str, newer: str, tmp_path: Path) -> None:
    folder = "fixtures/port"
    # Some rows are too long for the model, and no library truncates by itself.
    first, second = (f"{_at(folder, version)}?truncation=true" for version in (older, newer))
    audit = compare(first, second, tmp_path, "--inputs", "fixtures/reviews.jsonl")
    assert "parity" == audit.verdict, audit.headline
    assert (older, newer) == (
        audit.reference.versions["transformers"],
        audit.candidate.versions["transformers"],
    )
    assert audit.tokens.rows == audit.tokens.rows_equal == audit.inputs.count
    assert {"equal", "within_noise"} >= {record.status for record in audit.stages}
    assert audit.decisions is not None
    assert audit.decisions.examples == audit.decisions.agree
    assert [] == [item for item in audit.not_compared if item.counts]


def _word_piece() -> Any:
    """The uncased WordPiece tokenizer of `tests.models`, as a tokenizer.json holds it."""
    import tokenizers
    from tokenizers import models, normalizers, pre_tokenizers

    ids = {piece: number for number, piece in enumerate(VOCABULARY)}
    found: Any = tokenizers.Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    found.normalizer = normalizers.BertNormalizer(lowercase=True)
    found.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return _framed(found, "[CLS]", "[SEP]", ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])


def _sentence_piece() -> Any:
    """A tokenizer as XLM-R's: words and letters with their likelihoods, white space kept as a mark."""
    import tokenizers
    from tokenizers import models, normalizers, pre_tokenizers

    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    letters = sorted({letter for text in TEXTS for letter in text if letter != " "})
    words = [f"\u2581{word}" for word in WORDS]
    pieces = list(dict.fromkeys([*special, *words, "\u2581", *letters]))
    table = [(piece, 0.0 if piece in special else -2.0 if piece in words else -8.0) for piece in pieces]
    found: Any = tokenizers.Tokenizer(models.Unigram(table, unk_id=3))
    found.normalizer = normalizers.NFKC()
    found.pre_tokenizer = pre_tokenizers.Metaspace()
    return _framed(found, "<s>", "</s>", special)


def _framed(found: Any, start: str, end: str, special: list[str]) -> Any:
    from tokenizers import processors

    found.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}",
        special_tokens=[(mark, found.token_to_id(mark)) for mark in (start, end)],
    )
    found.add_special_tokens(special)
    return found


_MARKS = {
    "word piece": {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"},
    "sentence piece": {"pad": "<pad>", "unk": "<unk>", "cls": "<s>", "sep": "</s>", "mask": "<mask>"},
}


def _folder(place: Path, kind: str, tokenizer_class: str | None) -> Path:
    """A small BERT whose tokenizer is a tokenizer.json of this kind under this class's name."""
    backend = _word_piece() if kind == "word piece" else _sentence_piece()
    model = tiny(
        "bert", "AutoModelForSequenceClassification", vocab_size=len(VOCABULARY), num_labels=3, seed=1
    )
    model.save_pretrained(place)
    backend.save(str(place / "tokenizer.json"))
    said: dict[str, Any] = {f"{name}_token": mark for name, mark in _MARKS[kind].items()}
    said.update(bos_token=said["cls_token"], eos_token=said["sep_token"], model_max_length=40)
    if tokenizer_class is not None:
        said["tokenizer_class"] = tokenizer_class
    (place / "tokenizer_config.json").write_text(json.dumps(said), encoding="utf-8")
    return place


@pytest.mark.parametrize(
    ("kind", "tokenizer_class"),
    [
        ("word piece", "RobertaTokenizer"),
        ("sentence piece", "RobertaTokenizer"),
        ("sentence piece", None),
    ],
    ids=["word piece under Roberta's name", "XLM-R's under Roberta's name", "XLM-R's without a name"],
)
def test_a_tokenizer_class_that_does_not_fit_its_file_breaks_between_4_57_and_5_at_the_tokens(
    kind: str, tokenizer_class: str | None, texts: str, tmp_path: Path
) -> None:
    folder = _folder(tmp_path / "model", kind, tokenizer_class)
    audit = compare(_at(folder, "4.57.6"), _at(folder, NEWEST), tmp_path / "audit", "--inputs", texts)
    assert "divergent" == audit.verdict
    assert audit.first_divergence is not None
    assert "tokens" == audit.first_divergence.stage, audit.headline
    assert 0 == audit.tokens.rows_equal
    assert len(TEXTS) == stage(audit, "tokens").rows_beyond
    assert "tokenizer.algorithm" in {finding.cause for finding in audit.findings}
    given = stage(audit, "logits", "same_ids")
    assert {"equal", "within_noise"} >= {given.status}


def test_the_same_file_under_a_name_that_fits_is_parity(texts: str, tmp_path: Path) -> None:
    folder = tiny_bert(tmp_path / "model")
    audit = compare(_at(folder, "4.57.6"), _at(folder, NEWEST), tmp_path / "audit", "--inputs", texts)
    assert "parity" == audit.verdict, audit.headline


@pytest.mark.parametrize(
    "architecture", ["GemmaForSequenceClassification", "DebertaV2ForSequenceClassification"]
)
def test_constants_that_one_version_rounds_to_float32_are_no_difference(
    architecture: str, texts: str, tmp_path: Path
) -> None:
    """Gemma's scale is a float32 buffer in one version and made in the forward in the other: 2e-8 apart in kept float64."""
    folder = build(architecture, tmp_path / "model")
    audit = compare(_at(folder, "4.57.6"), _at(folder, NEWEST), tmp_path / "audit", "--inputs", texts)
    assert audit.first_divergence is None, audit.headline
    assert "parity" == audit.verdict, audit.headline
    assert "float64 is judged by the float32 floor" in audit.headline
