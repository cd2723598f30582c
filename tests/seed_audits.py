"""Seed audits as real surveys leave them, for the tests of everything that reads one; numbers are made up and fit together."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

import msgspec

from parity.records.arm_statistics import ArmRecord, Bounds, StageSimilarity
from parity.records.inputs import InputsRecord
from parity.records.metric_form import MetricForm
from parity.records.provenance import Provenance
from parity.records.runs import ContestedRecord, RunRecord
from parity.records.seed_audit import MarginsRecord, SeedAudit, SeedFinding

__all__ = ["SEED_AUDITS", "seed_audit", "with_many_runs", "with_seed_text"]

FORMS = {
    "accuracy": MetricForm(title="accuracy", better="higher", scale=100, digits=1, unit="%", step="points"),
    "nll": MetricForm(title="NLL", better="lower", digits=3, unit="nats", step="nats"),
}
ACCURACY = (0.836, 0.813, 0.857, 0.793, 0.851)


def estimate(value: float, half: float | None = None) -> dict[str, Any]:
    """An estimate with an interval of this half-width, or without."""
    interval = None if half is None else {"low": value - half, "high": value + half}
    return {
        "value": value,
        "interval": interval,
        "standard_error": None if half is None else half / 2,
        "degrees": None if half is None else 9.5,
        "run_variance": 0.0,
        "example_variance": 0.0,
        "confidence": 0.95,
    }


def spread(values: Sequence[float]) -> dict[str, Any]:
    """A number over runs; with one run nothing but its mean."""
    mean, several = statistics.fmean(values), len(values) > 1
    sd = statistics.stdev(values) if several else None
    return {
        "values": list(values),
        "mean": mean,
        "mean_interval": None if sd is None else {"low": mean - 1.2 * sd, "high": mean + 1.2 * sd},
        "sd": sd,
        "sd_interval": None if sd is None else {"low": 0.6 * sd, "high": 2.9 * sd},
        "new_run": None if sd is None else {"low": mean - 3 * sd, "high": mean + 3 * sd},
        "new_run_half_width": None if sd is None else 3 * sd,
        "confidence": 0.95,
    }


def metrics(accuracy: Sequence[float]) -> dict[str, Any]:
    """Accuracy and NLL over runs; nothing of none."""
    if not accuracy:
        return {}
    several = len(accuracy) > 1
    seed = {"seed_sd": 0.02, "flip_sd": 0.0145, "observed_sd": 0.026, "p": 0.0107} if several else None
    return {
        "accuracy": {
            "metric": "accuracy",
            "spread": spread(accuracy),
            "overall": estimate(statistics.fmean(accuracy), 0.04 if several else None),
            "seed": seed,
            "runs": len(accuracy),
            "examples": 300,
        },
        "nll": {
            "metric": "nll",
            "spread": spread([1 - value / 2 for value in accuracy]),
            "overall": None,
            "seed": None,
            "runs": len(accuracy),
            "examples": 300,
        },
    }


def churn(runs: int, share: float = 0.188) -> dict[str, Any] | None:
    """Churn of so many runs, a little more the further apart two stand; None of one."""
    if runs < 2:
        return None
    matrix = [
        [0.0 if one == other else share + 0.004 * abs(one - other) for other in range(runs)]
        for one in range(runs)
    ]
    return {
        "matrix": matrix,
        "estimate": estimate(share, share / 5),
        "least": share,
        "most": share + 0.004 * (runs - 1),
        "over": "runs and examples" if runs > 2 else "examples, for this pair of runs",
        "examples": 300,
        "kinds": {"win": 0.06, "loss": 0.06, "neutral": 0.05},
    }


def agreement(runs: int) -> dict[str, Any] | None:
    """Agreement of so many runs."""
    if runs < 2:
        return None
    return {
        "runs": runs,
        "examples": 300,
        "raw": 0.812,
        "chance": 0.2005,
        "kappa": estimate(0.765, 0.05 if runs > 2 else None),
        "entropy": 0.357,
        "entropy_limit": 2.32,
        "unanimous": 0.68,
        "unanimous_interval": {"low": 0.624, "high": 0.732},
        "accuracy_unanimous": 0.99,
        "accuracy_contested": 0.49,
        "contested_total": 96,
    }


def fitted(value: float | None) -> dict[str, Any]:
    """A fitted temperature; None where every decision is right."""
    return {
        "state": "below" if value is None else "fitted",
        "value": value,
        "interval": None if value is None else {"low": value - 0.2, "high": value + 0.2},
        "at_most": 0.31 if value is None else None,
        "at_least": None,
        "nll": 0.75,
        "nll_fitted": 0.72,
        "rows": 300,
        "confidence": 0.95,
    }


def run(name: str, seeds: tuple[int, int, int], accuracy: float | None = None, **changes: Any) -> RunRecord:
    """One run of three seeds; kept where it has an accuracy."""
    calibration = {
        "error": {
            "ece": 0.072,
            "mce": 0.54,
            "calibrated_mean": 0.043,
            "calibrated_high": 0.064,
            "p": 0.019,
            "examples": 300,
        },
        "ace": 0.048,
        "nll": 0.757,
        "brier": 0.267,
        "temperature": fitted(1.29),
    }
    values: dict[str, Any] = {
        "name": name,
        "spec": f"finetune:recipe.toml?init_seed={seeds[0]}&order_seed={seeds[1]}&dropout_seed={seeds[2]}",
        "arm": "candidate",
        "factors": dict(zip(("init_seed", "order_seed", "dropout_seed"), seeds, strict=True)),
        "standing": "kept",
        "weights_digest": "sha256:830c5521f4e877d2e411fa285b6622db",
        "metrics": {} if accuracy is None else {"accuracy": accuracy, "nll": 1 - accuracy / 2},
        "calibration": None if accuracy is None else calibration,
        "training": {"final_loss": 0.346, "steps": 380, "derived": {"order_seed": 727063581}},
    }
    return msgspec.convert({**values, **msgspec.to_builtins(changes)}, RunRecord)


def similarities() -> list[StageSimilarity]:
    """Four stages, of which the last is constant in every run."""
    found = [
        StageSimilarity(
            stage=stage,
            cka=0.9 - 0.2 * place,
            cka_least=0.8 - 0.2 * place,
            cosine=0.7 - 0.2 * place,
            cosine_least=0.6 - 0.2 * place,
            relative_l2=0.5 + 0.3 * place,
            relative_l2_most=0.6 + 0.3 * place,
            pairs=10,
            undefined=0,
            cka_interval=Bounds(low=0.85 - 0.2 * place, high=0.95 - 0.2 * place),
        )
        for place, stage in enumerate(("embeddings", "layer.0", "layer.1"))
    ]
    nothing = StageSimilarity(
        stage="pooled",
        cka=None,
        cka_least=None,
        cosine=None,
        cosine_least=None,
        relative_l2=None,
        relative_l2_most=None,
        pairs=10,
        undefined=10,
    )
    return [*found, nothing]


def can_show(runs: int) -> dict[str, Any] | None:
    """What so many runs can show."""
    if runs < 2:
        return None
    return {
        "runs": runs,
        "mean_half_width": 1.24,
        "sd_low": 0.6,
        "sd_high": 2.87,
        "new_run_half_width": 3.04,
        "detectable": 2.02,
        "tost_sd": 0.51,
        "least_p": 0.0079 if runs > 3 else 0.1,
        "alpha": 0.05,
        "power": 0.8,
    }


def arm(accuracy: Sequence[float], **changes: Any) -> ArmRecord:
    """One arm of labelled runs."""
    runs = len(accuracy)
    logs = [0.25, 0.32, 0.21, 0.28, 0.2][:runs]
    values: dict[str, Any] = {
        "arm": "candidate",
        "runs": runs,
        "failed": {
            "failed": [],
            "runs": runs,
            "rate": 0.0,
            "interval": {"low": 0.0, "high": 0.52},
            "accuracy_limit": 0.279,
            "loss_limit": 1.53,
            "keep": list(range(runs)),
        },
        "metrics": metrics(accuracy),
        "churn": churn(runs),
        "agreement": agreement(runs),
        "distances": [
            {
                "temperature": 1.0,
                "js": estimate(0.105),
                "tv": estimate(0.245),
                "kl": {**estimate(0.65), "value": None},
                "js_most": 0.13,
                "tv_most": 0.3,
                "kl_most": None,
            }
        ]
        if runs > 1
        else [],
        "variance": None,
        "cka": similarities() if runs > 1 else [],
        "temperature": {
            "runs": [fitted(1.29)] * (runs - 1) + [fitted(None)],
            "log_spread": spread(logs) if runs > 1 else None,
        },
        "can_show": can_show(runs),
        "slices": [
            {"slice": "long", "examples": 120, "metric": metrics(accuracy).get("accuracy")},
            {"slice": "short", "examples": 3, "metric": None},
        ],
    }
    return msgspec.convert(msgspec.to_builtins({**values, **changes}), ArmRecord)


def seed_audit(first: ArmRecord, **changes: Any) -> SeedAudit:
    """An audit whose first arm is this; everything else follows it, or is changed."""
    values: dict[str, Any] = {
        "verdict": "unstable",
        "exit_code": 1,
        "headline": "Unstable. Accuracy 83.0 with an SD of 2.6 points over 5 runs. Two runs decide 18.8% of examples differently.",
        "margins": MarginsRecord(primary="accuracy", metric=0.02, churn=0.1, alpha=0.05),
        "inputs": InputsRecord(count=300, digest="sha256:9abbe1a6", source="evaluation.jsonl", labelled=300),
        "classes": ["borrow", "fine", "hold"],
        "runs": [
            run(f"seed {seed}", (seed, seed, seed), value)
            for seed, value in enumerate(
                first.metrics["accuracy"].spread.values if "accuracy" in first.metrics else [], 1
            )
        ],
        "metrics": first.metrics,
        "churn": first.churn,
        "agreement": first.agreement,
        "variance": first.variance,
        "cka": first.cka,
        "calibration": first.temperature,
        "arms": [first],
        "baseline": None,
        "reasons": [
            {"about": "new_run", "value": 0.0791, "limit": 0.02, "holds": False},
            {"about": "new_run_low", "value": 0.031, "limit": 0.02, "holds": False},
            {"about": "churn_high", "value": 0.226, "limit": 0.1, "holds": False},
            {"about": "churn_low", "value": 0.15, "limit": 0.1, "holds": False},
        ],
        "runs_needed": {"runs": 5, "kind": "enough"},
        "integrity": {
            "candidate": {
                "faults": [],
                "factors": [
                    {"name": name, "values": 5, "alone": 0, "changed": 0}
                    for name in ("dropout_seed", "init_seed", "order_seed")
                ],
                "repeats": None,
            }
        },
        "findings": [],
        "contested": [
            {
                "row": 11,
                "id": "e011",
                "text": "hello , can i have the atlas for two weeks",
                "label": "borrow",
                "entropy": 1.92,
                "votes": [["borrow", 2], ["fine", 2], ["hold", 1]],
            },
            {
                "row": 17,
                "id": None,
                "text": "tell me when the dictionary is back",
                "label": None,
                "entropy": 0.72,
                "votes": [["hold", 4], ["borrow", 1]],
            },
        ],
        "recipe": {"task": "sequence_classification", "training": {"epochs": 20, "learning_rate": 0.003}},
        "provenance": Provenance(parity="0.1.0", versions={"torch": "2.13.0"}, trained_now=5),
        "command": "parity seeds recipe.toml --seeds 5",
        "metric_forms": FORMS,
    }
    return msgspec.convert(msgspec.to_builtins({**values, **changes}), SeedAudit)


def unstable() -> SeedAudit:
    """Five runs that spread by several points."""
    return seed_audit(arm(ACCURACY))


def stable() -> SeedAudit:
    """Five runs that hardly differ."""
    record = arm((0.91, 0.912, 0.909, 0.911, 0.91), churn=churn(5, 0.012))
    return seed_audit(
        record,
        verdict="stable",
        exit_code=0,
        headline="Stable. Accuracy 91.0 with an SD of 0.1 points over 5 runs; a new run falls within ±0.4.",
        reasons=[
            {"about": "new_run", "value": 0.004, "limit": 0.02, "holds": True},
            {"about": "churn_high", "value": 0.015, "limit": 0.1, "holds": True},
        ],
    )


def grid() -> SeedAudit:
    """Two by two runs, each made twice: the second time is in no mean."""
    values = ACCURACY[:4]
    part = {"raw": 1.1e-3, "share": 0.906, "degrees": 0.96, "interval": {"low": 0.0, "high": 1.1}}
    less = {"raw": -6e-5, "share": 0.0, "degrees": 0.5, "interval": {"low": 0.0, "high": None}}
    rest = {"raw": 4e-5, "share": 0.094, "degrees": 1.0, "interval": {"low": 9e-6, "high": 0.05}}
    split = {
        "first": part,
        "second": less,
        "interaction": None,
        "rest": rest,
        "shape": [2, 2, 1],
        "confidence": 0.95,
    }
    variance = {"first": "init_seed", "second": "order_seed", "logits": split, "accuracy": split}
    points = [(1, 1), (1, 2), (2, 1), (2, 2)]
    kept = [
        run(f"init {i}, order {o}", (i, o, 1), value) for (i, o), value in zip(points, values, strict=True)
    ]
    again = [
        msgspec.structs.replace(
            item,
            name=f"{item.name}, repeat 2",
            factors={**item.factors, "repeat": 2},
            standing="left_out",
            reason="it repeats the seeds of another run",
            metrics={},
            calibration=None,
        )
        for item in kept
    ]
    repeats = {"pairs": 4, "bitwise": 3, "max_abs": 1.2e-4, "churn": 0.0025}
    factors = [
        {"name": "init_seed", "values": 2, "alone": 2, "changed": 2},
        {"name": "order_seed", "values": 2, "alone": 2, "changed": 0},
        {"name": "dropout_seed", "values": 1, "alone": 0, "changed": 0},
    ]
    return seed_audit(
        arm(values, variance=variance, independent=2, conditional_on=["dropout_seed"]),
        runs=[*kept, *again],
        integrity={"candidate": {"faults": [], "factors": factors, "repeats": repeats}},
        findings=[
            SeedFinding(
                kind="seed_without_effect",
                sentence="order_seed changed nothing: init 1, order 1, init 1, order 2 are the same to the bit.",
                runs=["init 1, order 1", "init 1, order 2"],
                severity="bars",
            ),
            SeedFinding(
                kind="repeats",
                sentence="The same seeds again gave the same bits in 3 of 4 pairs of runs.",
                runs=[],
            ),
        ],
    )


def few(runs: int) -> SeedAudit:
    """One run, or two."""
    record = arm(ACCURACY[:runs])
    return seed_audit(
        record,
        verdict="inconclusive",
        headline="Inconclusive. There are too few runs to show how far runs differ. At least 3 runs would settle it.",
        reasons=[{"about": "few_runs", "value": float(runs), "limit": 3.0, "holds": False}],
        runs_needed={"runs": 3, "kind": "at_least"},
        contested=[],
        recipe=None,
    )


def unlabelled() -> SeedAudit:
    """Runs made elsewhere, on inputs without labels, seen at their outputs only."""
    record = arm(ACCURACY, metrics={}, cka=[], temperature=None, slices=[])
    runs = [
        run(f"run-{place}", (0, 0, 0), spec=f"outputs:run-{place}.npz", factors={}, training=None)
        for place in range(5)
    ]
    return seed_audit(
        record,
        verdict="inconclusive",
        exit_code=0,
        headline="Inconclusive. Two runs decide 18.8% of examples differently. No number of runs up to 1,000 would settle it.",
        runs=runs,
        inputs=InputsRecord(count=300, digest="sha256:77", source="texts.jsonl"),
        reasons=[{"about": "no_labels", "value": None, "limit": None, "holds": False}],
        runs_needed={"runs": None, "kind": "none"},
        integrity={},
        findings=[SeedFinding(kind="no_labels", sentence="The inputs have no labels.", runs=[])],
        provenance=Provenance(),
        command="",
    )


def nothing_kept() -> SeedAudit:
    """One run that learnt nothing, one that was lost: no statistic at all."""
    empty = arm(
        (),
        failed={
            "failed": [{"run": 0, "accuracy": 0.2, "loss": None, "reasons": ["metric"]}],
            "runs": 1,
            "rate": 1.0,
            "interval": {"low": 0.025, "high": 1.0},
        },
        metrics={},
        cka=[],
        temperature=None,
        distances=[],
        slices=[],
    )
    return seed_audit(
        empty,
        headline="Unstable. There are too few runs to show how far runs differ.",
        runs=[
            run("seed 1", (1, 1, 1), standing="failed", reason="it is right no more often than chance"),
            run(
                "seed 2",
                (2, 2, 2),
                standing="lost",
                reason="the runner died",
                training=None,
                weights_digest=None,
            ),
        ],
        reasons=[
            {"about": "failed_runs", "value": 1.0, "limit": 0.0, "holds": False},
            {"about": "missing_runs", "value": 1.0, "limit": 0.0, "holds": False},
        ],
        contested=[],
        findings=[
            SeedFinding(
                kind="lost_run",
                sentence="Seed 2 could not be made: the runner died.",
                runs=["seed 2"],
                severity="bars",
            )
        ],
    )


def difference(value: float, half: float | None, p: float | None) -> dict[str, Any]:
    """Candidate minus baseline in accuracy."""
    return {
        "metric": "accuracy",
        "baseline": 0.83,
        "candidate": 0.83 + value,
        "estimate": estimate(value, half),
        "p": p,
        "paired": True,
        "runs": [5, 5],
        "examples": 300,
        "p_holm": None if p is None else min(1.0, 4 * p),
    }


def against_baseline(value: float, half: float, p: float, *, equivalent: bool) -> dict[str, Any]:
    """What two arms of five runs gave."""
    return {
        "paired": True,
        "differences": {"accuracy": difference(value, half, p)},
        "tost": {
            "margin": 0.02,
            "alpha": 0.05,
            "p": 0.01 if equivalent else 0.93,
            "equivalent": equivalent,
            "interval": {"low": value - half, "high": value + half},
        },
        "excess_churn": {
            "between": 0.257,
            "within": [0.182, 0.188],
            "estimate": estimate(0.072, 0.02),
            "p": 0.0079 if p <= 0.05 else 0.6,
            "exact": True,
            "labellings": 252,
            "least_p": 0.0079,
            "runs": [5, 5],
            "examples": 300,
            "matched": 5,
        },
        "churn_kinds": {"win": 0.05, "loss": 0.11, "neutral": 0.09},
        "slices": [
            {
                "slice": "long",
                "examples": 120,
                "difference": difference(1.5 * value, half, p),
                "p": p,
                "p_holm": 2 * p,
                "differs": 2 * p <= 0.05,
            },
            {"slice": "none", "examples": 3, "difference": None, "p": None, "p_holm": None, "differs": None},
        ],
        "can_show": can_show(5),
        "false_alarm": 0.1,
    }


def two_armed(shift: float = -0.09, **changes: Any) -> SeedAudit:
    """A candidate that is worse than its baseline by so much in each run."""
    baseline = arm(ACCURACY, arm="baseline")
    candidate = arm([value + shift for value in ACCURACY])
    runs = [run(f"seed {seed}", (seed, seed, seed), value + shift) for seed, value in enumerate(ACCURACY, 1)]
    runs += [
        run(f"seed {seed}", (seed, seed, seed), value, arm="baseline")
        for seed, value in enumerate(ACCURACY, 1)
    ]
    values: dict[str, Any] = {
        "verdict": "different",
        "headline": "Different. The candidate's accuracy is -9.00 points from the baseline's. The margin is 2 points.",
        "runs": runs,
        "arms": [candidate, baseline],
        "baseline": against_baseline(-0.09, 0.03, 0.0004, equivalent=False),
        "reasons": [
            {"about": "difference", "value": 0.0004, "limit": 0.05, "holds": True},
            {"about": "tost", "value": 0.93, "limit": 0.05, "holds": False},
            {"about": "permutation", "value": 0.0079, "limit": 0.05, "holds": True},
            {"about": "excess_high", "value": 0.092, "limit": 0.02, "holds": False},
        ],
        "integrity": {},
    }
    return seed_audit(candidate, **{**values, **changes})


def inside_margin() -> SeedAudit:
    """A difference that is shown, and shown to be small."""
    return two_armed(
        -0.005,
        inside_margin=True,
        exit_code=0,
        headline="Different, but inside the margin. The candidate's accuracy is -0.50 points from the baseline's.",
        baseline=against_baseline(-0.005, 0.003, 0.004, equivalent=True),
        reasons=[
            {"about": "difference", "value": 0.004, "limit": 0.05, "holds": True},
            {"about": "tost", "value": 0.01, "limit": 0.05, "holds": True},
        ],
    )


def equivalent() -> SeedAudit:
    """A candidate that is the baseline retrained."""
    return two_armed(
        0.001,
        verdict="equivalent",
        exit_code=0,
        headline="Equivalent. The candidate's accuracy is +0.10 points from the baseline's. The margin is 2 points.",
        baseline=against_baseline(0.001, 0.008, 0.7, equivalent=True),
        reasons=[
            {"about": "difference", "value": 0.7, "limit": 0.05, "holds": False},
            {"about": "tost", "value": 0.01, "limit": 0.05, "holds": True},
        ],
    )


def arms_apart() -> SeedAudit:
    """Two arms of which one has nothing to compare."""
    return two_armed(
        verdict="inconclusive",
        headline="Inconclusive. There is too little.",
        baseline=None,
        reasons=[],
        runs_needed={"runs": 3, "kind": "at_least"},
    )


def with_seed_text(text: str) -> SeedAudit:
    """An audit with this text in every slot that a user or a model fills."""
    record = two_armed()
    runs = [
        msgspec.structs.replace(
            item, name=f"{text}{place}", spec=text, reason=text, weights_digest=text, standing="left_out"
        )
        for place, item in enumerate(record.runs)
    ]
    assert record.baseline is not None
    slices = [msgspec.structs.replace(part, slice=text) for part in record.baseline.slices]
    return msgspec.structs.replace(
        record,
        headline=f"Different. {text}",
        runs=runs,
        classes=[text],
        inputs=InputsRecord(count=300, digest=text, source=text, labelled=300),
        baseline=msgspec.structs.replace(record.baseline, slices=slices),
        findings=[SeedFinding(kind="other_data", sentence=text, runs=[text], severity="bars")],
        contested=[ContestedRecord(row=1, id=text, text=text, label=text, entropy=1.0, votes=[(text, 2)])],
        recipe={"task": text, "nested": {"x": text}},
        provenance=Provenance(versions={"torch": text}),
        command=text,
    )


def with_many_runs(count: int = 150) -> SeedAudit:
    """More runs than a page lists, with names and texts as long as they come."""
    values = [0.8 + 0.001 * (place % 40) for place in range(count)]
    record = arm(values)
    return seed_audit(
        record,
        runs=[run("x" * 300 + str(seed), (seed, seed, seed), value) for seed, value in enumerate(values)],
        contested=[
            {
                "row": row,
                "id": None,
                "text": "\u202e" * 400,
                "label": "hold",
                "entropy": 1.0,
                "votes": [["hold", count]],
            }
            for row in range(50)
        ],
    )


SEED_AUDITS: dict[str, SeedAudit] = {
    "unstable": unstable(),
    "stable": stable(),
    "grid": grid(),
    "one_run": few(1),
    "two_runs": few(2),
    "unlabelled": unlabelled(),
    "nothing_kept": nothing_kept(),
    "different": two_armed(),
    "inside_margin": inside_margin(),
    "equivalent": equivalent(),
    "arms_apart": arms_apart(),
    "hostile": with_seed_text("<b>&\u202e`|*\ud800"),
}
