"""What of two subjects was not run, from descriptions made by hand: what counts, what is named, and what the verdict becomes."""

from __future__ import annotations

from typing import Any

import pytest

from parity.align.not_run import not_run
from parity.align.plan import plan_of
from parity.border.description import Abilities, Description, NotRun, Parameter, StageSeen
from parity.pair_audit.policy import load_policy
from parity.pair_audit.verdict import reach_verdict
from parity.records.pair import Pair
from parity.records.places import Place
from parity.records.stage import NotCompared, StageRecord
from tests.audit_parts import decisions


def described(*parts: NotRun, stages: tuple[str, ...] = ("layer.0",), **changes: Any) -> Description:
    shown = [StageSeen(name, ["row", "token", "hidden"]) for name in stages]
    return Description("toy", {}, shown, Abilities(), not_run=list(parts), **changes)


def tensors(**digests: str) -> list[Parameter]:
    return [Parameter(name, [2], "float32", digest) for name, digest in digests.items()]


def head(always: bool = True, settings: dict[str, Any] | None = None, **digests: str) -> NotRun:
    return NotRun("head", "its task is not known", tensors(**digests), settings or {}, always)


def one(reference: Description, candidate: Description) -> NotCompared:
    (entry,) = not_run(Pair(reference, candidate))
    return entry


def equal(stage: str = "layer.0") -> StageRecord:
    return StageRecord(
        stage=stage, pass_="own", status="equal", relative_l2=0.0, max_abs=Place(value=0.0, at=None), noise_floor=1e-7,
        times_floor=0.0, float64_relative_l2=0.0, compared=10,
    )  # fmt: skip


def test_a_head_that_is_not_run_counts_though_both_sides_hold_the_same() -> None:
    entry = one(described(head(bias="a", weight="b")), described(head(bias="a", weight="b")))
    assert ("head", "both", True, ["bias", "weight"]) == (
        entry.stage,
        entry.side,
        entry.counts,
        entry.not_run,
    )
    assert "its task is not known; 2 tensors, equal on both sides: bias, weight" == entry.reason


def test_tensors_that_differ_are_named_before_those_that_do_not() -> None:
    entry = one(described(head(bias="a", weight="b")), described(head(bias="c", weight="b")))
    assert ("its task is not known; this differs: bias; this is equal on both sides: weight") == entry.reason


def test_many_tensors_are_named_by_the_first_and_their_number() -> None:
    many = head(a="x", b="x", c="x", d="x", e="x")
    assert one(described(many), described(many)).reason.endswith("a, b, c and 2 more")
    assert list("abcde") == one(described(many), described(many)).not_run


def test_a_head_without_tensors_counts_by_its_name() -> None:
    entry = one(described(head()), described(head()))
    assert (True, ["head"]) == (entry.counts, entry.not_run)


def test_settings_that_only_the_head_reads_are_compared() -> None:
    entry = one(described(head(settings={"beams": 4})), described(head()))
    assert "its task is not known; this differs: beams (4 against not set)" == entry.reason


def test_a_head_of_one_side_alone_is_that_sides() -> None:
    assert "candidate" == one(described(), described(head(bias="a"))).side


def test_two_reasons_are_told_with_their_sides() -> None:
    other = NotRun("head", "it has no head", tensors(bias="a"))
    assert one(described(head(bias="a")), described(other)).reason.startswith(
        "its task is not known in the reference; it has no head in the candidate"
    )


@pytest.mark.parametrize(
    ("ours", "theirs", "counts"),
    [("a", "a", False), ("a", "b", True), ("", "", True)],
    ids=["equal", "different", "unknown on both sides"],
)
def test_what_the_class_itself_does_not_use_counts_unless_it_is_known_to_be_equal(
    ours: str, theirs: str, counts: bool
) -> None:
    sides = (described(head(always=False, bias=digest)) for digest in (ours, theirs))
    assert counts == one(*sides).counts


def test_what_one_side_does_not_use_and_the_other_holds_among_its_parameters_is_equal() -> None:
    reference = described(head(always=False, emb="a"))
    candidate = described(parameters=tensors(emb="a"))
    assert not one(reference, candidate).counts


def test_an_excluded_stage_is_named_and_does_not_count() -> None:
    side = described(excluded={"pooled": ["pooler.dense.weight"]})
    plan = plan_of(Pair(side, side))
    (entry,) = plan.not_compared
    assert ("pooled", False) == (entry.stage, entry.counts)
    assert "pooler.dense.weight" in entry.reason


def test_a_stage_that_one_side_excludes_and_the_other_has_counts() -> None:
    without = described(excluded={"pooled": ["pooler.dense.weight"]})
    plan = plan_of(Pair(without, described(stages=("layer.0", "pooled"))))
    (entry,) = plan.not_compared
    assert ("pooled", True) == (entry.stage, entry.counts)


def test_a_stage_computed_with_what_no_file_holds_is_no_parity_though_both_draws_are_the_same() -> None:
    side = described(stages=("layer.0", "logits"), drawn={"logits": ["classifier.weight"]})
    entries = not_run(Pair(side, side))
    assert [("logits", True)] * 2 == [(entry.stage, entry.counts) for entry in entries]
    policy = load_policy("faithful")
    assert "not_comparable" == reach_verdict([equal(), equal("logits")], None, entries, policy).verdict


def test_the_headline_names_what_was_not_run_before_what_was_not_compared() -> None:
    entries = [
        NotCompared(stage="pooled", reason="one side has none"),
        *not_run(Pair(described(head(bias="a")), described())),
    ]
    judged = reach_verdict([equal()], None, entries, load_policy("faithful"))
    assert ("not_comparable", 1) == (judged.verdict, judged.exit_code)
    assert judged.headline.startswith(
        "What was run agrees, but the head was not run: its task is not known; "
    )
    assert judged.headline.endswith("bias (and 1 more).")


def test_what_was_not_run_bars_equivalence() -> None:
    entries = not_run(Pair(described(head(bias="a")), described(head(bias="a"))))
    agreed = decisions(examples=1000)
    policy = load_policy("decisions")
    assert "not_comparable" == reach_verdict([equal()], agreed, entries, policy).verdict
