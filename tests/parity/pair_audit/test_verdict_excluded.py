"""The verdict where the policy excludes stages: what is excluded is named, and counts nowhere."""

from __future__ import annotations

import pytest

from parity.align.exclusions import check_exclusions, not_counting
from parity.errors import UnknownStage
from parity.pair_audit.judge import Symbols, discrete_record
from parity.records.policy import PolicyRecord
from parity.records.stage import NotCompared
from tests.judged import BITWISE, DECISIONS, FAITHFUL, LIMITED, excluding, judged, verdict


def test_ignoring_every_stage_leaves_nothing_compared() -> None:
    for names in (["layer.1"], ["*"], ["layer.*"]):
        found = verdict(judged(1e-3), policy=excluding(*names))
        assert ("not_comparable", 1) == (found.verdict, found.exit_code)
        assert found.headline.startswith(
            "Nothing was compared: every stage that could be compared was excluded."
        )


def test_what_is_excluded_is_named_with_what_is_known_of_it() -> None:
    missing = NotCompared(stage="pooled", reason="Only the reference has pooled")
    tokens = discrete_record("tokens", "own", Symbols(40, 10, [6], 1))
    found = verdict(
        tokens,
        judged(stage="embeddings"),
        judged(1e-3),
        policy=excluding("pooled", "layer.*", "tokens"),
        missing=(missing,),
    )
    assert ("parity", 0) == (found.verdict, found.exit_code)
    assert found.headline.endswith(
        "tokens (divergent), layer.1 (divergent, relative L2 1.0e-03) and pooled (not compared) were excluded by --ignore."
    )
    by_file = verdict(
        judged(stage="embeddings"), judged(), policy=excluding("layer.1", option=False)
    ).headline
    assert by_file.endswith("layer.1 was excluded by the policy faithful.")


HEAD = NotCompared(stage="head", reason="it is not run", not_run=["head.weight"])

NO_FLOAT64 = NotCompared(stage="float64", side="candidate", reason="it raised")


@pytest.mark.parametrize("policy", [FAITHFUL, DECISIONS], ids=lambda policy: policy.name)
@pytest.mark.parametrize("missing", [HEAD, NO_FLOAT64], ids=lambda item: item.stage)
def test_what_was_not_run_is_excluded_by_its_exact_name_and_by_no_pattern(
    missing: NotCompared, policy: PolicyRecord
) -> None:
    for pattern in ("[!lp]*", "*[!sy]", "?e*", "head*", "float*"):
        found = verdict(judged(), missing=(missing,), policy=excluding(pattern, policy=policy), differing=0)
        assert ("not_comparable", 1) == (found.verdict, found.exit_code), pattern
        assert f"{missing.stage} (" not in found.headline
        assert missing == not_counting(missing, excluding(pattern))
    found = verdict(judged(), missing=(missing,), policy=excluding(missing.stage, policy=policy), differing=0)
    assert "parity" == found.verdict
    how = "not run" if missing.not_run else "not compared"
    assert found.headline.endswith(f"{missing.stage} ({how}) was excluded by --ignore.")


def test_what_differs_or_was_not_run_is_named_first_among_the_excluded_and_never_counted_only() -> None:
    layers = [judged(1e-3 if number > 5 else 1e-7, stage=f"layer.{number}") for number in range(12)]
    headline = verdict(
        judged(stage="embeddings"), *layers, policy=excluding("layer.*", "head"), missing=(HEAD,)
    ).headline
    shown = [
        *(f"layer.{number} (divergent, relative L2 1.0e-03)" for number in range(6, 12)),
        "head (not run)",
    ]
    assert headline.endswith(f"{', '.join(shown)} and 6 more were excluded by --ignore.")


def test_many_excluded_stages_are_counted() -> None:
    layers = [judged(stage=f"layer.{number}") for number in range(9)]
    headline = verdict(judged(stage="embeddings"), *layers, policy=excluding("layer.*")).headline
    assert headline.endswith("layer.0, layer.1, layer.2, layer.3 and 5 more were excluded by --ignore.")


def test_a_name_that_fits_nothing_is_not_said_to_be_excluded() -> None:
    assert "excluded" not in verdict(judged(), policy=excluding("layer.9")).headline


@pytest.mark.parametrize("policy", [FAITHFUL, BITWISE, LIMITED], ids=lambda policy: policy.name)
def test_an_excluded_stage_does_not_count_under_any_policy(policy: PolicyRecord) -> None:
    stages = judged(0.0, stage="embeddings", policy=policy), judged(0.5, stage="pooled", policy=policy)
    assert "divergent" == verdict(*stages, policy=policy).verdict
    found = verdict(*stages, policy=excluding("pooled", policy=policy))
    assert "parity" == found.verdict
    assert "pooled (divergent, relative L2 5.0e-01) was excluded by --ignore" in found.headline


def test_a_stage_to_exclude_that_neither_side_has_is_refused_with_the_nearest() -> None:
    check_exclusions(excluding("pooled", "layer.*", "label", "text"), ["layer.0", "pooled"])
    check_exclusions(excluding("poled", option=False), ["pooled"])  # a file may serve several models
    with pytest.raises(UnknownStage, match="--ignore poled: neither side has such a stage") as error:
        check_exclusions(excluding("poled"), ["layer.0", "pooled"])
    assert (error.value.next_step or "").startswith("Did you mean pooled? The stages are: text, ")
    with pytest.raises(UnknownStage):
        check_exclusions(excluding("decoder.*"), ["layer.0", "pooled"])
