"""How numbers of a seed audit are written, in the form that the record gives for a metric."""

from __future__ import annotations

from parity.records.arm_statistics import Bounds
from parity.records.metric_form import MetricForm
from parity_reports.text import units
from tests.seed_audits import SEED_AUDITS

SHARE = MetricForm(title="accuracy", better="higher", scale=100, digits=1, unit="%", step="points")
NATS = MetricForm(title="NLL", better="lower", digits=3, unit="nats", step="nats")


def test_a_metric_stands_at_a_value_in_its_unit() -> None:
    found = (units.value(SHARE, 0.8301), units.value(NATS, 0.75), units.value(NATS, None))
    assert ("83.0 %", "0.750 nats", "–") == found
    assert "83.0" == units.short(SHARE, 0.8301)


def test_a_metric_moves_by_points() -> None:
    assert ("2.6 points", "1.0 points") == (units.size(SHARE, 0.026), units.size(SHARE, 0.01))
    assert ("-0.33 points", "+0.2000 nats") == (units.change(SHARE, -0.0033), units.change(NATS, 0.2))


def test_a_limit_is_never_rounded_to_what_it_is_not() -> None:
    found = [units.limit(SHARE, 0.02), units.limit(SHARE, 0.0005), units.limit(NATS, 0.02)]
    assert ["2 points", "0.05 points", "0.02 nats"] == found


def test_an_open_end_of_an_interval_is_written() -> None:
    assert "79.7 to 86.3" == units.interval(SHARE, Bounds(low=0.797, high=0.863))
    assert "0.500 or more" == units.interval(NATS, Bounds(low=0.5, high=None))


def test_a_metric_that_the_record_gives_no_form_for_is_written_as_it_is() -> None:
    form = units.form_of(SEED_AUDITS["unstable"], "error_rate")
    assert ("Error_rate", "0.1234") == (units.metric_name(form), units.value(form, 0.12341))
