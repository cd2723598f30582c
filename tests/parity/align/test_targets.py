"""Targets: who writes one, and what the candidate is given."""

from __future__ import annotations

import pytest

from parity.align.targets import align_targets, reference_writes, with_targets_of
from parity.border.description import Abilities, Description
from parity.inputs.example import Encoding, Example, TargetEncoding
from parity.records.pair import Pair


def side(*, target: bool = True, vocabulary: str | None = "a") -> Description:
    return Description("toy", {}, [], Abilities(target=target), tokenizer={"vocabulary_digest": vocabulary})


def encoded(*fed: int, text: str = "t") -> Encoding:
    count = len(fed)
    pieces = tuple(map(str, fed))
    one = Encoding(fed, pieces, (None,) * count, (0,) * count, (False,) * count, untruncated=count)
    return one._replace(target=TargetEncoding(one, (*fed[1:], 3), text))


def test_the_reference_writes_only_where_both_read_a_target_and_a_row_has_none() -> None:
    both, given, silent = Pair(side(), side()), Example(0, "a", target="b"), Example(1, "a")
    assert reference_writes(both, [given, silent])
    assert not reference_writes(both, [given])
    assert not reference_writes(Pair(side(), side(target=False)), [silent])


@pytest.mark.parametrize(("other", "ids"), [("a", (7, 3)), ("b", None), (None, None)])
def test_the_candidate_gets_tokens_where_both_have_one_vocabulary_else_the_text(
    other: str | None, ids: tuple[int, ...] | None
) -> None:
    examples = [Example(0, "a"), Example(1, "b", target="own"), Example(2, "c")]
    told = with_targets_of(
        Pair(side(), side(vocabulary=other)), examples, [encoded(2, 7), encoded(2, 8), None]
    )
    assert [("t", ids), ("own", None), (None, None)] == [(one.target, one.target_ids) for one in told]


def test_what_two_decoders_are_fed_is_aligned_by_its_tokens() -> None:
    here, there = [encoded(2, 7), encoded(2, 7), None], [encoded(2, 7), encoded(1, 7), encoded(2)]
    equal, other, absent = align_targets(Pair(here, there))
    assert equal is not None and other is not None
    assert (True, False, None) == (equal.equal, other.equal, absent)
