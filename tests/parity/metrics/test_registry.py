"""Metrics by name: those that are built in, and those of another package, found by its entry point."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from parity.errors import UsageError
from parity.metrics import ANSWER_METRICS, EMBEDDING_METRICS, METRICS, SPAN_METRICS, TOKEN_METRICS
from parity.metrics.metric import Metric
from parity.metrics.registry import find_metric
from tests.seed_runs import population

FOLDER = Path(__file__).parents[3] / "parity" / "metrics"

SOURCE = """
import numpy as np
from parity.metrics.mean import MeanMetric
from parity.records.metric_form import MetricForm
from parity.statistics.interval import Interval

class Wrong(MeanMetric):
    name = {name!r}
    noun = "the error rate"
    form = MetricForm(title="error rate", better="lower", scale=100, digits=1, unit="%", step="points")
    range = Interval(0.0, 1.0)
    of_decisions = True

    def scores(self, outputs):
        return np.asarray(outputs.predictions != outputs.labels, dtype=np.float64)

metric = Wrong()
"""


def installed(tmp_path: Path, name: str, entry: str, code: str) -> subprocess.CompletedProcess[str]:
    """Run code where a package that registers a metric is installed."""
    (tmp_path / "error_rate.py").write_text(SOURCE.format(name=name), encoding="utf-8")
    facts = tmp_path / "error_rate-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: error-rate\nVersion: 1.0\n", encoding="utf-8"
    )
    (facts / "entry_points.txt").write_text(
        f"[parity.metrics]\n{entry} = error_rate:metric\n", encoding="utf-8"
    )
    start = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
    return subprocess.run([sys.executable, "-c", start + code], capture_output=True, text=True, check=False)


def test_every_file_that_holds_a_metric_is_named_in_the_tuple() -> None:
    holding = {path.stem for path in FOLDER.glob("*.py") if "\nmetric = " in path.read_text(encoding="utf-8")}
    assert holding == {*METRICS, *SPAN_METRICS, *ANSWER_METRICS, *TOKEN_METRICS, *EMBEDDING_METRICS}


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_is_within_its_range_and_the_mean_of_its_scores(name: str) -> None:
    metric, outputs = find_metric(name), population(3, 60, known=0.8).outputs()
    values, scores = metric.values(outputs), metric.scores(outputs)
    assert isinstance(metric, Metric)
    assert (3,) == values.shape
    assert ((metric.range.low <= values) & (values <= metric.range.high)).all()
    assert scores is None or values.tolist() == scores.mean(axis=-1).tolist()


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_without_an_example_is_that_of_the_others(name: str) -> None:
    metric, made = find_metric(name), population(2, 30)
    deleted = metric.deleted(made.outputs())
    for example in (0, 29):
        rest = made.of_examples(np.delete(np.arange(30), example))
        if set(rest.outputs().labels.tolist()) == set(made.outputs().labels.tolist()):
            assert pytest.approx(deleted[:, example]) == metric.values(rest.outputs())


@pytest.mark.parametrize("name", METRICS)
def test_two_sides_at_once_have_the_values_of_each_by_itself(name: str) -> None:
    metric, made = find_metric(name), population(2, 50)
    paired, sides = metric.paired(), [made.of_runs([run]).outputs() for run in (0, 1)]
    flat = [type(side)(side.logits[0], side.predictions[0], side.labels) for side in sides]
    paired.add(flat[0], flat[1])
    assert pytest.approx([float(metric.values(side)) for side in flat], rel=1e-12) == list(paired.values())
    found = paired.interval(0.95)
    assert found is not None
    assert found.low <= paired.values()[1] - paired.values()[0] <= found.high


def test_a_name_that_is_not_a_metric_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(UsageError) as caught:
        find_metric("acuracy")
    assert "No metric is called 'acuracy'." == caught.value.sentence
    assert caught.value.next_step.startswith("Did you mean accuracy? The metrics are: accuracy, ")


def test_the_metric_of_another_package_comes_after_the_tables_and_is_measured(tmp_path: Path) -> None:
    code = (
        "from parity.metrics.registry import find_metric, metric_names\n"
        "from parity.metrics.paired import LabelledSums\n"
        "import numpy as np\n"
        "sums = LabelledSums()\n"
        "sums.add(np.eye(2), np.eye(2)[::-1], [0, 1])\n"
        "found = sums.measurements()[-1]\n"
        "print(metric_names()[-1], find_metric('error_rate').noun, found.metric, found.reference, found.candidate)"
    )
    done = installed(tmp_path, "error_rate", "error_rate", code)
    assert "error_rate the error rate error_rate 0.0 1.0\n" == done.stdout, done.stderr


def test_a_name_used_twice_is_an_error_that_names_both(tmp_path: Path) -> None:
    done = installed(
        tmp_path, "accuracy", "accuracy", "from parity.metrics.registry import metric_names; metric_names()"
    )
    assert (
        "Two metrics are called 'accuracy': parity's parity.metrics.accuracy:metric and error-rate's error_rate:metric."
        in done.stderr
    )


def test_a_metric_of_another_name_than_its_entry_point_is_refused(tmp_path: Path) -> None:
    code = "from parity.metrics.registry import find_metric; find_metric('error_rate')"
    done = installed(tmp_path, "other", "error_rate", code)
    assert (
        "The metric 'error_rate' (error-rate's error_rate:metric) is Wrong, and not a metric" in done.stderr
    )


def test_the_names_are_known_without_numpy() -> None:
    code = "import sys, parity.metrics; print('numpy' in sys.modules)"
    assert (
        "False\n"
        == subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    )
