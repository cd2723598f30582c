"""Runs put together: what their records tell of inputs, seeds and losses decides who of them counts; and what made them is kept."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from parity.border.description import Abilities, Description, Training
from parity.seed_audit.population.arms import ArmRuns, Ground
from parity.seed_audit.population.classes import Classes
from parity.seed_audit.population.exclusions import gather_arms
from parity.seed_audit.provenance import provenance_of
from parity.seed_audit.runs.requested import Arm, RequestedRun
from parity.seed_audit.runs.run_inputs import Collected, Outcome
from tests.seed_runs import population

MADE = population(8, 120, 3, noise=0.2)
GROUND = Ground("sha256:rows", Classes(("a", "b", "c"), named=True), MADE.labels, 0.95)


def trained(number: int, **changes: Any) -> Training:
    """What a run with every seed moved tells of its training."""
    values: dict[str, Any] = {
        "recipe_digest": "recipe",
        "data_digest": "data",
        "seeds": {},
        "derived": {},
        "repeat": 1,
        "steps": 4,
        "rows": 40,
        "order_digests": [f"order {number}"],
        "dropout_digest": f"dropout {number}",
        "initial_digest": f"initial {number}",
        "head_digest": f"head {number}",
        "weights_digest": f"weights {number}",
        "losses": [(1, 0.3)],
        "final_loss": 0.3,
        "environment": {},
        "seconds": 1.0,
        "folder": "",
        "trained_now": True,
    }
    return Training(**{**values, **changes})


def collected(
    number: int, training: Training, versions: dict[str, str] | None = None, digest: str = "sha256:rows"
) -> Collected:
    description = Description(
        framework="none",
        versions=versions or {"torch": "2.0"},
        stages=[],
        can=Abilities(),
        labels=["a", "b", "c"],
        training=training,
    )
    return Collected(f"run {number}", description, digest, MADE.logits[number], {}, {}, None, [])


def gathered(runs: Sequence[Collected], baseline: int = 0) -> list[ArmRuns]:
    """Arms of these runs, the last so many of them the baseline's."""
    first = len(runs) - baseline
    arms: list[Arm] = ["candidate" if place < first else "baseline" for place in range(len(runs))]
    asked = [
        RequestedRun(
            f"seed {place}",
            run.subject,
            arms[place],
            dict.fromkeys(("init_seed", "order_seed", "dropout_seed"), place),
        )
        for place, run in enumerate(runs)
    ]
    outcomes = [Outcome(run.subject, "folder") for run in runs]
    return gather_arms(asked, outcomes, dict(enumerate(runs)), GROUND)


def test_runs_that_each_made_their_own_are_kept_without_a_fault() -> None:
    (arm,) = gathered([collected(k, trained(k)) for k in range(3)])
    assert ((0, 1, 2), ()) == (arm.kept, arm.faults)


def test_a_head_that_the_base_brought_is_a_seed_without_effect_though_all_seeds_moved_at_once() -> None:
    (arm,) = gathered([collected(k, trained(k, head_digest=None)) for k in range(3)])
    assert [("seed_without_effect", ("init_seed",), True)] == [
        (fault.kind, fault.factors, fault.hidden) for fault in arm.faults
    ]
    assert ((0, 1, 2), 0) == (arm.kept, arm.missing)


def test_a_run_that_was_asked_other_inputs_is_on_other_data() -> None:
    runs = [collected(k, trained(k), digest="sha256:other" if k == 1 else "sha256:rows") for k in range(4)]
    (arm,) = gathered(runs)
    assert [("other_data", ("seed 1",))] == [(fault.kind, fault.runs) for fault in arm.faults]
    assert ((0, 2, 3), 1) == (arm.kept, arm.missing)


def test_a_training_whose_loss_ended_as_no_number_failed() -> None:
    losses: list[tuple[int, float | None]] = [(1, 0.3), (2, None)]
    runs = [collected(k, trained(k)) for k in range(3)]
    (arm,) = gathered([*runs, collected(3, trained(3, losses=losses, final_loss=None))])
    assert ("failed", "its final loss is no number (limit 1.04 nats)") == arm.members[3][2:4]
    (arm,) = gathered([*runs, collected(3, trained(3, losses=[], final_loss=None))])
    assert "kept" == arm.members[3].standing


def test_a_run_of_both_arms_counts_in_neither() -> None:
    runs = [collected(k, trained(k)) for k in (0, 1, 2, 2, 3, 4)]
    candidate, baseline = gathered(runs, baseline=3)
    assert ((0, 1), (1, 2)) == (candidate.kept, baseline.kept)
    assert (1, 1) == (candidate.missing, baseline.missing)


def test_versions_other_than_the_first_runs_are_told_by_run() -> None:
    versions: list[dict[str, str]] = [{"torch": "2.0", "numpy": "1"}, {"torch": "2.1", "numpy": "1"}]
    arms = gathered([collected(k, trained(k), versions[k]) for k in range(2)], baseline=1)
    found = provenance_of(datetime.now(UTC), time.monotonic(), arms)
    assert versions[0] == found.versions
    assert {"baseline seed 1": {"torch": "2.1"}} == found.other_versions
    assert 2 == found.trained_now


def test_the_logits_of_a_run_are_brought_into_the_order_of_the_classes() -> None:
    turned = collected(1, trained(1))
    turned = turned._replace(
        logits=np.ascontiguousarray(MADE.logits[1][:, ::-1]),
        description=Description(
            framework="none", versions={}, stages=[], can=Abilities(), labels=["c", "b", "a"], temperature=2.0
        ),
    )
    (arm,) = gathered([collected(0, trained(0)), turned])
    assert arm.population is not None
    assert np.array_equal(MADE.logits[1] / 2.0, arm.population.logits[1])
