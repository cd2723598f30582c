"""How an archive reads text, by its predictor's name and its reader's signature."""

from __future__ import annotations

import os
from typing import Any

import pytest

from parity._in_process.host import Host, Refusal
from parity._in_process.wire import LineWriter
from parity_allennlp import reading


class OfPairsAndImages:
    def text_to_instance(self, premise: str, hypothesis: str, image: Any) -> Any:
        raise NotImplementedError


def test_a_text_classifiers_reader_of_two_texts_and_more_is_refused_in_a_sentence() -> None:
    host = Host(LineWriter(os.open(os.devnull, os.O_WRONLY)))
    with pytest.raises(Refusal) as caught:
        reading.choose(host, "text_classifier", None, OfPairsAndImages())
    assert (
        "The archive's reader, OfPairsAndImages, needs 'image', which a text or a pair of texts does not have."
        == caught.value.sentence
    )
