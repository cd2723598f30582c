"""Class names in another spelling: the obvious mapping is offered, and where nothing is obvious nothing is."""

from __future__ import annotations

import pytest

from parity.align.labels import align_labels
from parity.align.spelling import likely_mapping, offered


@pytest.mark.parametrize(
    ("names", "classes", "mapping"),
    [
        (["negative", "positive"], ["neg", "pos"], {"negative": "neg", "positive": "pos"}),
        (["neg"], ["negative", "positive"], {"neg": "negative"}),
        (["NEG", "Pos "], ["neg", "pos"], {"NEG": "neg", "Pos ": "pos"}),
        (["very-good", "bad"], ["very good", "bad"], {"very-good": "very good", "bad": "bad"}),
        (["LABEL_1", "LABEL_0"], ["neg", "pos"], {"LABEL_1": "pos", "LABEL_0": "neg"}),
        (["0", "1"], ["LABEL_0", "LABEL_1"], {"0": "LABEL_0", "1": "LABEL_1"}),
        (["review", "question"], ["reviews", "questions"], {"review": "reviews", "question": "questions"}),
    ],
)
def test_an_obvious_mapping_is_found(names: list[str], classes: list[str], mapping: dict[str, str]) -> None:
    assert mapping == likely_mapping(names, classes)


@pytest.mark.parametrize(
    ("names", "classes"),
    [
        (["good", "bad"], ["pos", "neg"]),
        (["neg", "negative"], ["negat", "pos"]),
        (["n"], ["neg", "pos"]),
        (["neg"], ["negation", "negative"]),
        (["LABEL_2"], ["neg", "pos"]),
        (["negative", "other"], ["neg", "pos"]),
        (["neg"], ["neg", "pos"]),
        ([], ["neg"]),
        (["neg"], []),
    ],
)
def test_what_is_not_obvious_is_not_guessed(names: list[str], classes: list[str]) -> None:
    assert likely_mapping(names, classes) is None
    assert "" == offered(names, classes)


def test_it_is_offered_in_the_sentence_and_never_applied() -> None:
    found = align_labels(["neg", "pos"], ["negative", "positive"])
    assert ("not_comparable", None) == found[:2]
    for said in ("'neg', 'pos'", "'negative', 'positive'", "'negative' for 'neg'", "parity does not guess"):
        assert said in found.sentence, found.sentence
    assert "look like" not in align_labels(["neg", "pos"], ["sport", "politics"]).sentence
