"""Two arms of runs that are made up, judged as real ones are: how often "different", where they are alike and where they are not."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from proof.table import Case, Row

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from parity.seed_audit.verdict.against import Against

    Floats = npt.NDArray[np.float64]

TITLE = "Two arms of runs: false alarms and power"
EXPECTED = (
    'Arms that are alike are called "different" in at most 5 % of audits, plus two standard errors of as many audits. Each case draws '
    "audits whose truth is known and puts the runs through what `parity seeds` does with collected ones: integrity, failed runs, the "
    "difference with its t test, excess churn with its permutation test, the verdict (alpha 0.05, margin 0.02, churn budget 0.1). "
    "`each at alpha` is the rule before alpha was divided between the two tests, on the same audits; `t alone` is the t test at all "
    "of alpha, were it the only one. A difference is in SDs of a run's accuracy; `other decisions` are of equal accuracy: so many "
    "examples are easy for one arm and hard for the other."
)
COLUMNS = ("audits", "different", "each at alpha", "t alone", "permutation alone", "equivalent")

_ALPHA = 0.05
_OWN = 1.0  # the SD that each logit of each run has by itself
_CENTRE, _WIDTH = 3.5, 2.0  # of an example's ease, the lead of its label's logit
_PRIORS = (0.5, 0.3, 0.2)
_ALIKE: dict[str, dict[str, str | int | float | bool]] = {
    "alike": {},
    "alike, runs skewed, NLL": {"skewed": True, "seed_sd": 0.5, "metric": "nll"},
    "alike, macro F1": {"metric": "macro_f1"},
    "alike, runs paired by seed": {"paired": True},
    "alike, no seed effect, 100 examples": {"seed_sd": 0.0, "examples": 100},
    "alike, four slices": {"slices": 4},
}
_SIZES = ((5, 5), (10, 10))
_MORE = {
    "alike": ((3, 3), (4, 4), (5, 10)),
    "alike, runs skewed, NLL": ((5, 10), (10, 5)),
}


def cases(seed: int) -> list[Case]:
    """Arms that are alike, with 5 and 10 runs each, some with others; then differences of 1, 2 and 3 SD, and other decisions."""
    found: list[Case] = []
    for name, data in _ALIKE.items():
        for runs in (*_SIZES, *_MORE.get(name, ())):
            found.append(_case(name, runs, seed, 1000 if name in _MORE else 400, data))
    for runs in _SIZES:
        found += [_case(f"{sds} SD apart", runs, seed, 300, {"apart": float(sds)}) for sds in (1, 2, 3)]
        found += [
            _case(f"other decisions on {share:.0%}", runs, seed, 300, {"moved": share})
            for share in (0.1, 0.2)
        ]
    return found


def _case(
    name: str, runs: tuple[int, int], seed: int, audits: int, data: dict[str, str | int | float | bool]
) -> Case:
    sizes = {"baseline": runs[0], "candidate": runs[1], "seed": seed, "audits": audits}
    return Case(f"{name}, {runs[0]} against {runs[1]}", {**sizes, **data})


def run(case: Case, folder: Path) -> Row:
    """Draw the audits and judge each."""
    import numpy as np

    del folder
    data = cast("dict[str, Any]", dict(case.data))
    alike = "apart" not in data and "moved" not in data
    rng = np.random.default_rng([data["seed"], *case.name.encode()])
    audits = _Audits(data, rng)
    seen = [audits.judged() for _ in range(data["audits"])]
    count = len(seen)
    different, alike_said, p_t, p_churn = (np.array(column) for column in zip(*seen, strict=True))
    t, churn = p_t <= _ALPHA, p_churn <= _ALPHA + 1e-9
    rates = [float(np.mean(hits)) for hits in (different, t | churn, t, churn, alike_said)]
    limit = _ALPHA + 2 * math.sqrt(_ALPHA * (1 - _ALPHA) / count)
    broken = f"more than {limit:.4f} are called different" if alike and rates[0] > limit else ""
    return Row((str(count), *(f"{rate:.3f}" for rate in rates)), broken)


class _Audits:
    """Draws audits of one kind, and judges them."""

    def __init__(self, data: dict[str, Any], rng: Any) -> None:
        self._data = data
        self._rng = rng
        self._examples = int(data.get("examples", 300))
        self._seed_sd = float(data.get("seed_sd", 0.3))
        self._worse = self._shift(float(data.get("apart", 0.0)))

    def judged(self) -> tuple[bool, bool, float, float]:
        """Whether anything says "different", whether the verdict is equivalent, and the p of either test (1 where there is none)."""
        import numpy as np

        rng, data, n = self._rng, self._data, self._examples
        ease = _CENTRE + _WIDTH * rng.standard_normal(n)
        labels = rng.choice(3, n, p=_PRIORS)
        other = ease.copy()
        moved = rng.choice(n, round(n * float(data.get("moved", 0.0))), replace=False)
        other[moved] = ease[np.roll(moved, 1)]
        baseline = self._logits(ease, labels, int(data["baseline"]), 0.0)
        candidate = self._logits(other, labels, int(data["candidate"]), self._worse)
        slices = np.array([str(row % int(data["slices"])) for row in range(n)]) if "slices" in data else None
        metric = data.get("metric", "accuracy")
        found = judged(candidate, baseline, labels, metric, slices, paired=bool(data.get("paired")))
        record = found.record
        tested = None if record is None else record.differences.get(metric)
        churned = None if record is None else record.excess_churn
        p = None if tested is None else tested.p
        churn = None if churned is None else churned.p
        slices_differ = record is not None and any(part.differs for part in record.slices)
        different = found.comparison.verdict == "different" or slices_differ
        equivalent = found.comparison.verdict == "equivalent"
        return different, equivalent, 1.0 if p is None else p, 1.0 if churn is None else churn

    def _logits(self, ease: Floats, labels: Any, runs: int, worse: float) -> Floats:
        """[runs, examples, 3]: a run moves the lead of the label on every example alike, and each logit by itself."""
        import numpy as np

        rng = self._rng
        moved = rng.standard_normal(runs)
        if self._data.get("skewed"):
            moved = 1 - rng.exponential(size=runs)  # most a little better, some much worse
        found = _OWN * rng.standard_normal((runs, len(ease), 3))
        found[:, np.arange(len(ease)), labels] += ease + self._seed_sd * moved[:, None] - worse
        return np.asarray(found)

    def _shift(self, sds: float) -> float:
        """How far the label's lead must fall for accuracy to fall by so many SDs of a run's accuracy."""
        import numpy as np

        if not sds:
            return 0.0
        rng = np.random.default_rng(0)
        ease = _CENTRE + _WIDTH * rng.standard_normal(20_000)
        noise = _OWN * rng.standard_normal((3, 20_000))
        lead = ease + noise[0] - np.maximum(noise[1], noise[2])  # right where it is above 0

        def right(fall: float) -> float:
            return float((lead - fall > 0).mean())

        of_runs = np.var([right(-self._seed_sd * z) for z in rng.standard_normal(400)])
        # Within an example the answer is a coin of its own: of 300 examples that adds its share.
        flips = np.mean(
            [(ease + z[0] - max(z[1], z[2]) > 0) for z in _OWN * rng.standard_normal((200, 3))], axis=0
        )
        sd = math.sqrt(float(of_runs) + float((flips * (1 - flips)).mean()) / self._examples)
        low, high = 0.0, 10.0
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if right(0) - right(middle) < sds * sd else (low, middle)
        return high


def judged(
    candidate: Floats,
    baseline: Floats,
    labels: Any,
    metric: Any = "accuracy",
    slices: Any = None,
    *,
    paired: bool = False,
) -> Against:
    """The verdict over two arms of logits [runs, examples, classes], and its record, as `parity seeds` comes to them."""
    from parity.seed_audit.margins import Margins
    from parity.seed_audit.verdict.against import against_baseline

    arms = _gathered(candidate, baseline, labels, paired=paired)
    return against_baseline(arms, metric, Margins(0.02, 0.1, _ALPHA), slices)


def _gathered(candidate: Floats, baseline: Floats, labels: Any, *, paired: bool) -> list[Any]:
    """The arms as they are after runs were collected."""
    from parity.border.description import Abilities, Description
    from parity.seed_audit.population.arms import Ground
    from parity.seed_audit.population.classes import Classes
    from parity.seed_audit.population.exclusions import gather_arms
    from parity.seed_audit.runs.requested import RequestedRun
    from parity.seed_audit.runs.run_inputs import Collected, Outcome

    names = ("a", "b", "c")
    described = Description("made up", {}, [], Abilities(), labels=list(names))
    asked: list[RequestedRun] = []
    collected: dict[int, Collected] = {}
    for arm, runs in (("candidate", candidate), ("baseline", baseline)):
        for seed, logits in enumerate(runs):
            collected[len(asked)] = Collected("", described, "", logits, {}, {}, None, [])
            asked.append(
                RequestedRun(f"{arm} {seed}", "", cast("Any", arm), {"seed": seed} if paired else {})
            )
    ground = Ground("", Classes(names, named=True), labels, 1 - _ALPHA)
    return gather_arms(asked, [Outcome("", "") for _ in asked], collected, ground)
