"""What a model was given: when two feeds are the same, and what of one is sent to another model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from parity.align.feed import Feed
from parity.border.reply import Batch, Group, StageTensor
from parity.stages import FED

IDS = [[5, 6, 7], [5, 6, 0]]
REAL = [[1, 1, 1], [1, 1, 0]]


def fed(**stages: Any) -> Feed:
    """The feed of a batch with these stages."""
    axes = ("row", "token")
    tensors = {name: StageTensor(name, axes, np.asarray(values), "int64") for name, values in stages.items()}
    return Feed.of(Batch(tensors, 0.0))


def test_a_feed_holds_all_that_a_runner_writes_of_what_it_fed() -> None:
    assert sorted(FED) == sorted(set(Feed._fields) - {"groups"})


def test_two_feeds_of_the_same_arrays_are_the_same() -> None:
    assert fed(input_ids=IDS, real=REAL).same_as(fed(input_ids=IDS, real=REAL))


@pytest.mark.parametrize(
    "other",
    [
        {"input_ids": [[5, 6, 8], [5, 6, 0]]},
        {"input_ids": [[5, 6], [5, 6]], "real": [[1, 1], [1, 1]]},
        {"real": [[1, 1, 1], [1, 1, 1]]},
        {"attention_mask": [[1, 1, 1], [1, 1, 0]]},
        {"token_type_ids": [[0, 0, 1], [0, 0, 0]]},
    ],
)
def test_another_id_mask_or_type_is_another_feed(other: dict[str, Any]) -> None:
    own = {"input_ids": IDS, "real": REAL}
    assert not fed(**own).same_as(fed(**{**own, **other}))
    assert not fed(**{**own, **other}).same_as(fed(**own))


def test_a_mask_that_was_not_fed_is_one_of_ones_and_types_are_zeros() -> None:
    whole = fed(input_ids=IDS, attention_mask=np.ones((2, 3)), token_type_ids=np.zeros((2, 3)))
    assert fed(input_ids=IDS).same_as(whole)
    assert whole.same_as(fed(input_ids=IDS))


def test_positions_count_where_both_are_known_at_real_tokens_and_only_where_requested() -> None:
    own = {"input_ids": IDS, "real": REAL}
    here, padded, moved = (
        fed(**own, position_ids=positions)
        for positions in ([[0, 1, 2], [0, 1, 2]], [[0, 1, 2], [0, 1, 9]], [[2, 3, 4], [2, 3, 4]])
    )
    assert here.same_as(padded)
    assert not here.same_as(moved)
    assert here.same_as(moved, positions=False)
    assert here.same_as(fed(**own))


def test_feeds_without_ids_are_the_same_where_nothing_is_known_of_either() -> None:
    assert fed().same_as(fed())
    assert not fed().same_as(fed(input_ids=IDS))
    assert not fed(input_ids=IDS).same_as(fed())


def test_a_side_that_reports_no_ids_is_not_fed_the_same_as_one_that_does() -> None:
    without = fed(real=REAL)
    assert not without.same_as(fed(input_ids=IDS, real=REAL))
    assert not fed(input_ids=IDS, real=REAL).same_as(without)
    assert not without.same_as(fed(real=[[1, 1, 1], [1, 1, 1]]))
    assert not without.same_as(fed(real=REAL, attention_mask=REAL))
    assert without.same_as(fed(real=REAL))


def test_rows_that_were_run_together_on_one_side_and_alone_on_the_other_are_not_fed_the_same() -> None:
    whole = fed(input_ids=IDS, real=REAL)
    alone = whole._replace(groups=(Group(1, 3), Group(1, 2)))
    assert not whole.same_as(alone)
    assert alone.same_as(alone)


def test_what_is_sent_to_another_model_has_positions_only_where_requested() -> None:
    feed = fed(input_ids=IDS, real=REAL, position_ids=[[0, 1, 2], [0, 1, 2]], word_mask=[[1], [1]])
    names = {"input_ids", "real", "attention_mask", "token_type_ids"}
    assert names == set(feed.inputs(positions=False))
    assert names | {"position_ids"} == set(feed.inputs(positions=True))
    assert feed.inputs(positions=False)["attention_mask"] is None


def test_another_target_is_another_feed_and_its_padding_is_not() -> None:
    own = {"input_ids": IDS, "real": REAL, "decoder_input_ids": [[2, 5], [2, 0]]}
    own["target_real"] = [[1, 1], [1, 0]]
    assert fed(**own).same_as(fed(**{**own, "decoder_input_ids": [[2, 5], [2, 9]]}))
    assert not fed(**own).same_as(fed(**{**own, "decoder_input_ids": [[1, 5], [2, 0]]}))
    assert not fed(**own).same_as(fed(**{**own, "target_real": [[1, 1], [1, 1]]}))
    assert fed(**own).same_as(fed(input_ids=IDS, real=REAL))  # a side without a decoder
    assert {"decoder_input_ids", "target_real"} <= fed(**own).inputs(positions=False).keys()
    assert "target_real" not in fed(**own).inputs(positions=False, target=False)
