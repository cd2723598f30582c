"""The built-in probes: what they promise to hold, they hold."""

from __future__ import annotations

import json
import unicodedata
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from parity.inputs.inputs import open_inputs

MATERIALS = Path(__file__).parents[4] / "shared/materials/data/probe_texts.json"


def probes() -> dict[str, str]:
    examples = [example for window in open_inputs().windows() for example in window]
    return {str(example.id): example.text for example in examples}


def test_there_are_about_a_hundred_each_with_an_id_of_its_own() -> None:
    inputs = open_inputs()
    assert inputs.built_in
    assert 100 <= inputs.count <= 150
    assert inputs.count == len(probes()) == len(set(probes().values()))


def test_they_hold_what_takes_tokenizers_apart() -> None:
    texts = list(probes().values())
    everything = "".join(texts)
    assert {"", " ", "a"} <= set(texts)
    assert any(len(text.split()) > 512 for text in texts)
    assert any(len(text) > 512 and " " not in text for text in texts)
    assert any(unicodedata.normalize("NFC", text) != text for text in texts)
    assert any(text != text.strip() and text.strip() for text in texts)
    for needle in ("\u200d", "\u200b", "\u00ad", "\ufeff", "[SEP]", "<s>", "https://", "\x00", "\u202e"):
        assert needle in everything
    kinds = {unicodedata.bidirectional(letter) for letter in everything}
    assert {"R", "AL", "AN", "EN"} <= kinds


def test_pairs_are_each_text_with_the_next() -> None:
    single = list(probes().values())
    pairs = [example for window in open_inputs(pair_probes=True).windows() for example in window]
    assert list(zip(single, [*single[1:], single[0]], strict=True)) == [
        (pair.text, pair.pair) for pair in pairs
    ]


def test_what_cannot_be_seen_is_written_as_an_escape() -> None:
    lines = (files("parity.inputs") / "probes.jsonl").read_text(encoding="utf-8")
    hidden = {letter for letter in lines if unicodedata.category(letter) in {"Cf", "Cc", "Co", "Zl", "Zp"}}
    assert {"\n"} == hidden


@pytest.mark.skipif(not MATERIALS.exists(), reason="needs ../shared")
def test_they_are_written_for_this_project() -> None:
    strings = set(_leaves(json.loads(MATERIALS.read_text(encoding="utf-8"))))
    shared = {text for text in probes().values() if text in strings}
    assert not {text for text in shared if len(text) > 3}


def _leaves(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner: Any = value.values() if hasattr(value, "values") else value
    return [text for item in inner for text in _leaves(item)]
