"""What holds of every verdict, whatever was measured, under every policy: invariants, and each status under each policy."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parity.pair_audit.judge import Symbols, discrete_record
from parity.pair_audit.policy import BUILT_IN
from parity.pair_audit.verdict import first_divergence, reach_verdict
from parity.pair_audit.verdict_of_decisions import Judgement
from parity.records.decisions import Decisions
from parity.records.policy import PolicyRecord
from parity.records.stage import NotCompared, StageRecord
from parity.records.stage_patterns import ignored_by
from tests.audit_parts import decisions, tensor_stage

LIMITS = msgspec.structs.replace(BUILT_IN["faithful"], name="limits", stages={"layer.*": 0.1})
POLICIES: dict[str, PolicyRecord] = {
    **BUILT_IN,
    "limits": LIMITS,
    "limits and decisions": msgspec.structs.replace(BUILT_IN["decisions"], stages={"layer.*": 0.1}),
    "inconclusive accepted": msgspec.structs.replace(BUILT_IN["decisions"], allow_inconclusive=True),
}
TENSORS = ("embeddings", "layer.0", "layer.1", "pooled", "logits", "probabilities")
SYMBOLS = ("text", "tokens", "input_ids", "label")
STATUSES = ("equal", "within_noise", "within_limit", "divergent", "not_comparable")
GREEN = {"parity", "equivalent"}


def stage(name: str, status: str, pass_: Any = "own") -> StageRecord:
    """A stage with a status, and with numbers that go with it."""
    if name in SYMBOLS:
        rows = 0 if status == "not_comparable" else 10
        count = 3 if status == "divergent" else 0
        return discrete_record(name, "own", Symbols(rows, rows, [1, 2, 3][:count], count))
    times = {"equal": 0.0, "within_noise": 2.0, "not_comparable": 0.0}.get(status, 9e5)
    compared = 0 if status == "not_comparable" else 100
    limit = 0.5 if status == "within_limit" else None
    return tensor_stage(name, pass_, times, status=status, compared=compared, limit=limit)


def reached(*stages: StageRecord, policy: PolicyRecord, missing: Any = (), seen: Any = None) -> Judgement:
    return reach_verdict(stages, seen, missing, policy)


statuses = st.sampled_from(STATUSES)
measured = st.lists(
    st.builds(stage, st.sampled_from((*SYMBOLS, *TENSORS)), statuses, st.sampled_from(("own", "same_ids"))),
    max_size=8,
)
lacking = st.lists(
    st.builds(
        NotCompared,
        stage=st.sampled_from((*TENSORS, "label", "tokens", "head")),
        reason=st.just("it was not run"),
        counts=st.booleans(),
    ),
    max_size=3,
)


def some_flips(differing: int, examples: int) -> Decisions:
    return decisions(min(differing, examples), examples)


flips = st.one_of(st.none(), st.builds(some_flips, st.integers(0, 30), st.integers(1, 3000)))
patterns = st.lists(st.sampled_from(("pooled", "layer.*", "embeddings", "tokens", "*", "head")), max_size=3)


@st.composite
def policies(draw: Any) -> PolicyRecord:
    policy: PolicyRecord = draw(st.sampled_from(list(POLICIES.values())))
    names: list[str] = draw(patterns)
    return msgspec.structs.replace(policy, ignore=names, ignore_option=names)


@settings(max_examples=400, deadline=None)
@given(measured, lacking, flips, policies())
def test_the_invariants_of_every_verdict(
    stages: list[StageRecord], missing: list[NotCompared], seen: Decisions | None, policy: PolicyRecord
) -> None:
    found = reach_verdict(stages, seen, missing, policy)
    counted = [record for record in stages if ignored_by(record.stage, policy) is None]
    counting = [item for item in missing if item.counts and ignored_by(item.stage, policy) is None]
    tensors = [record for record in counted if record.stage in TENSORS and record.compared]
    known = {record.status for record in counted}

    accepted = found.verdict == "inconclusive" and policy.allow_inconclusive
    assert (found.exit_code == 0) == (found.verdict in GREEN or accepted)
    if found.exit_code == 0:
        assert not counting, "nothing that counts is missing"
        assert tensors, "something was compared"
    if found.verdict == "parity":
        assert not known & {"divergent", "within_limit"}, "nothing that counts differs by more than rounding"
    if found.verdict == "equivalent":
        assert known & {"divergent", "within_limit"}, "what is within its noise is parity"
        if "divergent" in known:
            assert policy.flip_rate is not None and seen is not None
            assert all(item.max_abs_probability <= (policy.probability or 0) for item in seen.temperatures)
    if found.verdict == "inconclusive":
        assert policy.flip_rate is not None and seen is not None
    if first_divergence(stages, policy) is None:
        assert found.verdict != "divergent" or policy.flip_rate is not None
    for record in stages:
        if found.exit_code == 0 and ignored_by(record.stage, policy) is not None and policy.ignore != ["*"]:
            assert "excluded by --ignore" in found.headline
    assert found.headline.endswith(".")


@settings(max_examples=200, deadline=None)
@given(measured, lacking, flips, policies())
def test_what_is_missing_never_turns_a_verdict_green(
    stages: list[StageRecord], missing: list[NotCompared], seen: Decisions | None, policy: PolicyRecord
) -> None:
    with_less = reach_verdict(stages, seen, missing, policy)
    if with_less.exit_code == 0:
        assert reach_verdict(stages, seen, [], policy).exit_code == 0


def test_decisions_excuse_nothing_where_no_stage_was_measured() -> None:
    found = reached(stage("text", "divergent"), policy=BUILT_IN["decisions"], seen=some_flips(0, 299))
    assert ("divergent", 1, "Divergent from text on: 3 of 10 rows differ.") == found[:3]


@pytest.mark.parametrize(
    ("policy", "status", "expected"),
    [
        ("faithful", "equal", ("parity", 0)),
        ("faithful", "within_noise", ("parity", 0)),
        ("faithful", "within_limit", ("equivalent", 0)),
        ("faithful", "divergent", ("divergent", 1)),
        ("faithful", "not_comparable", ("not_comparable", 1)),
        ("bitwise", "equal", ("parity", 0)),
        ("bitwise", "divergent", ("divergent", 1)),
        ("bitwise", "not_comparable", ("not_comparable", 1)),
        ("limits", "equal", ("parity", 0)),
        ("limits", "within_noise", ("parity", 0)),
        ("limits", "within_limit", ("equivalent", 0)),
        ("limits", "divergent", ("divergent", 1)),
        ("limits", "not_comparable", ("not_comparable", 1)),
        ("decisions", "equal", ("parity", 0)),
        ("decisions", "within_noise", ("parity", 0)),
        ("decisions", "divergent", ("equivalent", 0)),
        ("decisions", "not_comparable", ("not_comparable", 1)),
        ("limits and decisions", "within_noise", ("parity", 0)),
        ("limits and decisions", "within_limit", ("equivalent", 0)),
        ("limits and decisions", "divergent", ("divergent", 1)),
        ("limits and decisions", "not_comparable", ("not_comparable", 1)),
        ("inconclusive accepted", "divergent", ("equivalent", 0)),
        ("inconclusive accepted", "not_comparable", ("not_comparable", 1)),
    ],
)
def test_each_status_under_each_policy(policy: str, status: str, expected: tuple[str, int]) -> None:
    """One stage of that status among others that are equal; no flip in a thousand rows."""
    missing = [NotCompared(stage="layer.1", reason="NaN")] if status == "not_comparable" else []
    stages = stage("embeddings", "equal"), stage("layer.1", status)
    found = reached(*stages, policy=POLICIES[policy], missing=missing, seen=decisions(0, 1000))
    assert expected == (found.verdict, found.exit_code)


@pytest.mark.parametrize(
    ("differing", "examples", "expected"),
    [
        (0, 1000, ("equivalent", 0, 0)),
        (0, 80, ("inconclusive", 1, 0)),
        (1, 100, ("inconclusive", 1, 0)),
        (4, 1000, ("equivalent", 0, 0)),
        (30, 1000, ("divergent", 1, 1)),
    ],
)
@pytest.mark.parametrize("status", ["within_limit", "divergent"])
def test_each_number_of_flips_where_the_decisions_are_judged(
    status: str, differing: int, examples: int, expected: tuple[str, int, int]
) -> None:
    stages = stage("embeddings", status), stage("logits", status)
    for policy, code in (("decisions", expected[1]), ("inconclusive accepted", expected[2])):
        found = reached(*stages, policy=POLICIES[policy], seen=decisions(differing, examples))
        assert (expected[0], code) == (found.verdict, found.exit_code)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("status", STATUSES)
def test_everything_excluded_is_never_a_pass(policy: str, status: str) -> None:
    chosen = msgspec.structs.replace(POLICIES[policy], ignore=["*"], ignore_option=["*"])
    found = reached(*(stage(name, status) for name in TENSORS), policy=chosen, seen=decisions(0, 1000))
    assert ("not_comparable", 1) == (found.verdict, found.exit_code)
