"""The view: plain text in the order of the page, for every audit there can be."""

from __future__ import annotations

from importlib.metadata import entry_points

import msgspec
import pytest

import parity_reports
from parity.audit import Audit, Finding, FlipRate
from parity_reports.ladder import build_ladder, runs
from parity_reports.verdict import main_finding
from parity_reports.view import Sizes, build_page
from tests.audits import AUDITS, audit, decisions, flip, tensor_stage, with_volume


def test_the_public_names_are_pinned() -> None:
    expected = [
        "Page",
        "build_page",
        "print_summary",
        "render_html",
        "render_junit",
        "render_markdown",
        "summary",
    ]
    assert expected == parity_reports.__all__


def test_every_report_is_met_by_its_entry_point() -> None:
    reports = {entry.name: entry for entry in entry_points(group="parity.reports")}
    if not reports:
        pytest.skip("parity is not installed here")
    assert {"report.html", "summary.md", "junit.xml"} <= set(reports)
    assert all(
        AUDITS["parity"].headline[:6].lower() in entry.load()(AUDITS["parity"]).lower()
        for entry in reports.values()
    )


@pytest.mark.parametrize("record", AUDITS.values(), ids=AUDITS.keys())
def test_an_audit_that_was_written_and_read_again_is_rendered_the_same(record: Audit) -> None:
    if record is AUDITS["hostile"]:
        pytest.skip("a lone surrogate cannot be written as JSON")
    again = msgspec.json.decode(msgspec.json.encode(record), type=Audit)
    assert parity_reports.render_html(record) == parity_reports.render_html(again)


def test_a_stage_of_the_second_pass_alone_stands_after_the_one_it_followed() -> None:
    names = ["embeddings", "layer.0", "logits"]
    records = [tensor_stage(name, "own", 1.0) for name in names]
    records += [tensor_stage(name, "same_ids", 1.0) for name in ("embeddings", "layer.0", "pooled", "logits")]
    ladder = build_ladder(audit(stages=records))
    assert ["embeddings", "layer.0", "pooled", "logits"] == [rung.stage for rung in ladder.rungs]


def test_a_run_of_stages_says_its_largest_number() -> None:
    records = [tensor_stage(f"layer.{index}", "own", 0.5 + index) for index in range(4)]
    (run,) = runs(build_ladder(audit(stages=records)))
    assert ("layer.0 to layer.3", "3.5") == (run.stages, run.own.times if run.own else None)


def test_a_divergent_finding_with_a_cause_says_why() -> None:
    findings = [
        Finding(stage="a", sentence="noticed", evidence={}, cause="config.activation"),
        Finding(stage="b", sentence="divergent", evidence={}, severity="divergent"),
        Finding(stage="c", sentence="both", evidence={}, cause="weights.changed", severity="divergent"),
    ]
    found = main_finding(audit(findings=findings))
    assert found is not None and "both" == found.sentence


def test_what_was_merely_noticed_is_no_reason() -> None:
    noticed = Finding(
        stage="attention_mask", sentence="Padded on other sides.", evidence={}, cause="batch.padding_side"
    )
    parity = build_page(audit(findings=[noticed])).first.answers[1]
    assert ("No difference to explain", "Noticed: Padded on other sides.") == (parity.answer, parity.detail)
    divergent = build_page(msgspec.structs.replace(AUDITS["float64_only"], findings=[noticed])).first.answers[
        1
    ]
    assert "Cause not established" == divergent.answer


def test_nothing_compared_is_never_said_to_start_nowhere() -> None:
    assert "It cannot be told" == build_page(AUDITS["nothing"]).first.answers[0].answer


def test_what_is_left_out_is_counted() -> None:
    page = build_page(with_volume(), Sizes(flips=10, findings=7))
    assert (10, 3990) == (len(page.predictions.flips), page.predictions.flips_left_out)
    assert (7, 93) == (len(page.findings), page.findings_left_out)


def test_the_limits_name_the_probes_the_scope_and_the_bound() -> None:
    limits = " ".join(build_page(AUDITS["outputs_only"]).limits)
    assert "gave outputs only" in limits
    assert "bounds the flip rate at 3.03 %" in limits
    assert "built-in" in " ".join(build_page(AUDITS["equivalent"]).limits)


def test_flips_of_tokens_are_also_said_by_rows() -> None:
    predictions = build_page(AUDITS["equivalent"]).predictions
    assert "In 2 of 700 rows one differs: 0.286 % (95 % interval 0.03 % to 1.03 %)." in predictions.sentence
    none = msgspec.structs.replace(
        decisions(0, unit="token", rows=12),
        row_flip_rate=FlipRate(value=0, low=0, high=0.2646, confidence=0.95),
    )
    assert "bounds the share of rows with a flip at 26.5 %" in " ".join(
        build_page(audit(decisions=none)).limits
    )


def test_a_flip_in_a_token_says_which() -> None:
    page = build_page(audit(decisions=decisions(1, flips=[flip(81, token=4, id="x")], unit="token")))
    assert ("81, token 4 (x)", "1 of 120 token labels differs") == (
        page.predictions.flips[0].place,
        page.predictions.sentence.partition(":")[0],
    )
