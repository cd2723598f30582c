"""How a selection is compared: the stages of the other side that it is held against, and why there may be none."""

from __future__ import annotations

from typing import Any

import pytest

from parity.align.plan import plan_of
from parity.align.selecting import selecting_of
from parity.border.description import Abilities, Description, StageSeen
from parity.border.selected import Per, Selects
from parity.records.pair import Pair

_AXES = {
    "row": {"logits": ["row", "class"]},
    "token": {"logits": ["row", "token", "class"]},
    "mask": {"logits": ["row", "token", "vocabulary"]},
    "next": {"logits": ["row", "token", "vocabulary"]},
    "answer": {"start_logits": ["row", "token"], "end_logits": ["row", "token"]},
}


def side(
    stages: dict[str, list[str]] | None = None, *, selects: Selects | None = None, **more: Any
) -> Description:
    """A side with these stages, or one that selects."""
    return Description(
        framework="t",
        versions={},
        stages=[StageSeen(name, axes) for name, axes in (stages or {}).items()],
        can=Abilities(words=more.pop("words", "no")),
        selects=selects,
        scope="outputs" if selects is not None else "full",
        **more,
    )


@pytest.mark.parametrize("per", list(_AXES))
@pytest.mark.parametrize("number", [0, 1])
def test_a_selection_needs_the_stages_that_the_other_side_selects_by(per: Per, number: int) -> None:
    both = [side(_AXES[per]), side(selects=Selects(per))]
    found, lost = selecting_of(Pair(*(both if number == 1 else both[::-1])), words=False)
    assert found is not None
    assert [] == lost
    assert (number, tuple(_AXES[per]), ()) == (found.number, found.needed(1 - number), found.needed(number))


def test_tokens_become_words_where_both_are_told_them() -> None:
    stages = {"logits": ["row", "token", "class"], "words": ["row", "word", "class"]}
    pair = Pair(side(stages, words="given"), side(selects=Selects("token"), words="given"))
    found, _ = selecting_of(pair, words=True)
    assert found is not None
    assert ("word", ("words",)) == (found.per, found.stages)


def test_a_side_without_such_logits_cannot_be_compared_and_counts() -> None:
    pair = Pair(side({"pooled": ["row", "hidden"]}), side(selects=Selects("mask")))
    found, (lost,) = selecting_of(pair, words=False)
    assert found is None
    assert lost.counts
    assert (
        "the candidate selects the token at each mask, and the reference has no logits of that kind"
        == lost.reason
    )


@pytest.mark.parametrize(("other", "alike"), [("mask", True), ("row", False)])
def test_two_selections_of_one_kind_are_compared_with_each_other(other: Per, alike: bool) -> None:
    found, lost = selecting_of(Pair(side(selects=Selects("mask")), side(selects=Selects(other))), words=False)
    assert alike == (found is not None and found.stages == ())
    assert alike == (not lost)


def test_neither_selects_and_nothing_is_lost() -> None:
    assert (None, []) == selecting_of(Pair(side(_AXES["row"]), side(_AXES["row"])), words=False)


def test_a_plan_requests_the_logits_of_the_other_side_and_does_not_miss_them() -> None:
    stages = {"layer.0": ["row", "token", "hidden"], **_AXES["mask"]}
    plan = plan_of(Pair(side(stages, task="masked_lm"), side(selects=Selects("mask"), task="masked_lm")))
    assert ((), ("logits",), ()) == (plan.stages, plan.wanted(0), plan.wanted(1))
    assert ("logits",) == plan.one_sided(0).stages
    assert [("layer.0", False)] == [(item.stage, item.counts) for item in plan.not_compared]


def test_outputs_beside_texts_alone_are_no_loss() -> None:
    texts = Description(
        framework="t",
        versions={},
        stages=[],
        can=Abilities(tokens=False, generate=True, texts_only=True),
        scope="outputs",
    )
    plan = plan_of(Pair(side(_AXES["next"], task="causal_lm"), texts))
    assert [("logits", "The candidate gives texts alone", False)] == [
        (item.stage, item.reason, item.counts) for item in plan.not_compared
    ]
