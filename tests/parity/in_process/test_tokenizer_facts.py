"""A tokenizer in plain data: the same words for it whichever framework holds it."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# transformers is typed in part only.

from __future__ import annotations

from pathlib import Path

import pytest
import transformers

from parity._in_process import tokenizer_facts
from tests.models import write_tokenizer

pytestmark = pytest.mark.real


def test_a_fast_tokenizer_shows_its_normalizer_and_normalizes(tmp_path: Path) -> None:
    write_tokenizer(tmp_path)
    tokenizer = transformers.AutoTokenizer.from_pretrained(str(tmp_path))
    settings = tokenizer_facts.normalizer_settings(tokenizer)
    assert "BertNormalizer" == settings["normalizer"]["type"]
    assert settings["normalizer"]["lowercase"] is settings["do_lower_case"] is True
    assert "heho" == tokenizer_facts.normalized(tokenizer, "HÉho")
    assert tokenizer_facts.normalized(tokenizer, None) is None


def test_a_tokenizer_that_does_not_tell_has_nothing_to_show() -> None:
    class Slow:
        is_fast = False

    assert {} == tokenizer_facts.normalizer_settings(Slow())
    assert tokenizer_facts.normalized(Slow(), "text") is None


@pytest.mark.parametrize(("longest", "expected"), [(512, 512), (10**30, None), (1e30, None)])
def test_a_limit_that_is_none_is_none(longest: float, expected: int | None) -> None:
    class Limited:
        model_max_length = longest

    assert expected == tokenizer_facts.length_limit(Limited())


def test_a_vocabularys_digest_does_not_depend_on_its_order() -> None:
    one, other = {"a": 0, "b": 1}, {"b": 1, "a": 0}
    assert tokenizer_facts.vocabulary_digest(one) == tokenizer_facts.vocabulary_digest(other)
    assert tokenizer_facts.vocabulary_digest(one) != tokenizer_facts.vocabulary_digest({"a": 1, "b": 0})
