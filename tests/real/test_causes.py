"""Causes on real small pairs: each is the first finding of a pair that was made so."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# transformers and torch are typed in part only.

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from parity.records.audit import Audit
from tests.models import VOCABULARY, tiny, tiny_bert, write_tokenizer
from tests.real.asking import compare

pytestmark = [pytest.mark.real]


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_bert(tmp_path_factory.mktemp("bert") / "model")


def _compared(reference: Path, candidate: Path, tmp_path: Path) -> Audit:
    inputs = tmp_path / "texts.txt"
    inputs.write_text(
        "the film was good\na dull plot, and bad acting in the story\nlovely\n", encoding="utf-8"
    )
    return compare(f"hf:{reference}", f"hf:{candidate}", tmp_path / "audit", "--inputs", str(inputs))


def test_two_layers_swapped_are_the_same_weights_at_other_names(bert: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForSequenceClassification

    model: Any = AutoModelForSequenceClassification.from_pretrained(bert)
    layers = model.bert.encoder.layer
    first, second = (
        {name: value.clone() for name, value in layers[place].state_dict().items()} for place in (0, 1)
    )
    layers[0].load_state_dict(second)
    layers[1].load_state_dict(first)
    other = shutil.copytree(bert, tmp_path / "swapped")
    model.save_pretrained(other)
    audit = _compared(bert, other, tmp_path)
    assert ("divergent", "weights.permuted") == (audit.verdict, audit.findings[0].cause), audit.headline


def test_embeddings_in_another_order_of_rows_are_proved_to_be_a_permutation(
    bert: Path, tmp_path: Path
) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification

    model: Any = AutoModelForSequenceClassification.from_pretrained(bert)
    table = model.bert.embeddings.word_embeddings.weight
    with torch.no_grad():
        table.copy_(table.roll(1, 0))
    other = shutil.copytree(bert, tmp_path / "permuted")
    model.save_pretrained(other)
    audit = _compared(bert, other, tmp_path)
    assert audit.first_divergence is not None and "embeddings" == audit.first_divergence.stage
    assert "weights.permuted" == audit.findings[0].cause, audit.findings[0].sentence
    assert ["bert.embeddings.word_embeddings.weight"] == audit.findings[0].evidence["parameters"]
    with torch.no_grad():
        table[3] += 0.25
    model.save_pretrained(other)
    assert "weights.changed" == _compared(bert, other, tmp_path).findings[0].cause


def test_a_word_that_one_vocabulary_lacks_is_unknown_to_it(bert: Path, tmp_path: Path) -> None:
    other = shutil.copytree(bert, tmp_path / "other")
    lacking = [
        piece if piece not in ("film", "plot", "l", "lovely") else f"[unused{place}]"
        for place, piece in enumerate(VOCABULARY)
    ]
    (other / "vocab.txt").write_text(
        "\n".join(piece for piece in _without_letters(lacking)) + "\n", encoding="utf-8"
    )
    audit = _compared(bert, other, tmp_path)
    assert ("divergent", "tokenizer.unknown") == (audit.verdict, audit.findings[0].cause), audit.headline
    assert "candidate" == audit.findings[0].evidence["side"]


def _without_letters(vocabulary: list[str]) -> list[str]:
    """A vocabulary whose words are whole or unknown: no piece of a word is left."""
    return [
        piece if not piece.startswith("##") else f"[lost{place}]" for place, piece in enumerate(vocabulary)
    ]


def test_another_padding_id_moves_the_last_token_that_a_model_pools(tmp_path: Path) -> None:
    model = tiny(
        "gpt2", "AutoModelForSequenceClassification", vocab_size=len(VOCABULARY), pad_token_id=0, num_labels=3
    )
    for name, padding in (("right", "[PAD]"), ("wrong", "[MASK]")):
        folder = write_tokenizer(tmp_path / name)
        model.save_pretrained(folder)
        path = folder / "tokenizer_config.json"
        config = {**json.loads(path.read_text("utf-8")), "pad_token": padding}
        path.write_text(json.dumps(config), encoding="utf-8")
    audit = _compared(tmp_path / "right", tmp_path / "wrong", tmp_path)
    assert ("divergent", "batch.padding_id") == (audit.verdict, audit.findings[0].cause), audit.headline
