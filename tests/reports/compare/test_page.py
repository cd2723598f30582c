"""The view: plain text in the order of the page, for every audit there can be."""

from __future__ import annotations

from importlib.metadata import entry_points

import msgspec
import pytest

import parity_reports
from parity.records.audit import Audit
from parity.records.decisions import FlipRate, Headroom, WouldFlip
from parity.records.finding import Finding
from parity_reports.blocks import Block, Facts, FindingBlock, More, Points, Table
from parity_reports.compare.ladder import build_ladder, runs
from parity_reports.compare.page import Sizes, build_page
from parity_reports.compare.why import main_finding
from parity_reports.pages import Page, Section
from tests.audit_parts import audit, decisions, flip, tensor_stage
from tests.audits import AUDITS
from tests.hostile_audits import with_volume


def _section(page: Page, anchor: str) -> Section:
    return next(section for section in page.sections if section.anchor == anchor)


def _blocks(page: Page) -> list[Block]:
    return [block for section in page.sections for block in section.blocks]


def _facts(page: Page) -> list[tuple[str, str]]:
    return [row for block in _blocks(page) if isinstance(block, Facts) for row in block.rows]


def _table(page: Page, label: str) -> Table:
    return next(block for block in _blocks(page) if isinstance(block, Table) and block.label == label)


def _limits(page: Page) -> str:
    (points,) = _section(page, "limits").blocks
    assert isinstance(points, Points)
    return " ".join(points.items)


def test_the_public_names_are_pinned() -> None:
    expected = [
        "print_summary",
        "render_html",
        "render_junit",
        "render_markdown",
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
    assert ("layer.0 to layer.3", "3.5") == (
        run.stages,
        run.measures[0].cell.times if run.measures[0] else None,
    )


def test_the_first_finding_is_the_one_that_says_why() -> None:
    findings = [
        Finding(stage="c", sentence="both", evidence={}, cause="weights.changed", severity="divergent"),
        Finding(stage="b", sentence="divergent", evidence={}, severity="divergent"),
        Finding(stage="a", sentence="noticed", evidence={}, cause="config.activation"),
    ]
    found = main_finding(audit(findings=findings))
    assert found is not None and "both" == found.sentence
    assert main_finding(audit(findings=[])) is None


def test_in_a_record_without_that_order_a_notice_explains_no_divergence() -> None:
    findings = [
        Finding(stage="a", sentence="noticed", evidence={}),
        Finding(stage="b", sentence="divergent", evidence={}, severity="divergent"),
    ]
    found = main_finding(audit(findings=findings))
    assert found is not None and "divergent" == found.sentence


@pytest.mark.parametrize("render", ["render_html", "render_markdown", "render_junit"])
def test_every_report_lists_the_findings_in_their_order(render: str) -> None:
    names = [f"finding {letter}" for letter in "cab"]
    found = [Finding(stage="layer.1", sentence=name, evidence={}, severity="divergent") for name in names]
    record = msgspec.structs.replace(AUDITS["divergent_at_layer"], findings=found)
    text = getattr(parity_reports, render)(record)
    lists = {
        "render_html": text[text.find('id="findings"') :],
        "render_markdown": text[text.find("## Findings") :],
    }.get(render, text)
    assert names == sorted(names, key=lists.index)


def test_what_a_limit_permits_is_never_said_to_be_noise() -> None:
    page = build_page(AUDITS["within_limit"])
    where, why = page.first.answers[:2]
    assert "Embeddings, within its limit" == where.answer
    assert "within the limit of 5.0e-02 that was set" in where.detail
    assert "Another number format" == why.answer
    assert "none above its noise" not in str(page)
    assert "No difference to explain" not in str(page)
    assert ("Limit of layer.*", "relative L2 5.0e-02") in _facts(page)


@pytest.mark.parametrize("render", ["render_html", "render_markdown", "render_junit"])
def test_every_report_shows_a_stage_with_its_floor_and_its_limit(render: str) -> None:
    text = getattr(parity_reports, render)(AUDITS["within_limit"])
    for number in ("4.8e-03", "1.3e-07", "5.0e-02"):
        assert number in text


def test_a_stage_that_differs_and_does_not_count_is_still_shown() -> None:
    page = build_page(AUDITS["ignored"])
    where, why = page.first.answers[:2]
    assert ("Nowhere that counts", "No difference that counts") == (where.answer, why.answer)
    assert "Excluded stages that differ: pooled." in where.detail
    (rung,) = [rung for rung in build_ladder(AUDITS["ignored"]).rungs if rung.stage == "pooled"]
    own = rung.measures[0]
    assert own is not None and ("divergent, does not count", True) == (own.cell.word, rung.ignored)
    assert ("Excluded by --ignore", "pooled") in _facts(page)


def test_an_inconclusive_pair_says_how_many_rows_it_takes() -> None:
    step = build_page(AUDITS["inconclusive"]).first.answers[3]
    assert "Give 299 rows or more" == step.answer
    never = msgspec.structs.replace(AUDITS["inconclusive"], rows_needed=None)
    assert "no number of rows" in build_page(never).first.answers[3].detail


def test_an_accepted_inconclusive_verdict_says_by_what() -> None:
    accepted = msgspec.structs.replace(AUDITS["inconclusive"], exit_code=0)
    assert "exit code 0 (--allow-inconclusive)" in build_page(accepted).first.rule


@pytest.mark.parametrize("render", ["render_html", "render_markdown", "render_junit"])
def test_one_bound_is_shown_everywhere(render: str) -> None:
    text = getattr(parity_reports, render)(AUDITS["inconclusive"])
    assert "3.68 %" in text
    assert "4.51" not in text


@pytest.mark.parametrize(
    ("first_at", "said", "fact"),
    [
        (1933.96, "1,934 times as large", "2 times: 0; 10 times: 7; the first at 1,934 times (row 4)"),
        (None, "", "none, however large"),
    ],
)
def test_how_far_the_decisions_are_from_flipping_is_said(
    first_at: float | None, said: str, fact: str
) -> None:
    counts = [WouldFlip(times=2.0, flips=0), WouldFlip(times=10.0, flips=7)]
    room = Headroom(decisions=120, first_at=first_at, first_row=4, would_flip=counts)
    page = build_page(audit(decisions=decisions(headroom=room)))
    detail = page.first.answers[2].detail
    assert said in detail
    assert ("would flip" in detail) == bool(said)
    assert ("Of those that agree, would flip if the difference were larger", fact) in _facts(page)


def test_the_policy_of_decisions_is_not_recommended_to_who_uses_it() -> None:
    first = AUDITS["divergent_at_layer"]
    found = Finding(stage="layer.2", sentence="x", evidence={}, cause="runtime.dtype", severity="divergent")
    for flip_rate, recommended in ((None, True), (0.01, False)):
        policy = msgspec.structs.replace(first.policy, flip_rate=flip_rate)
        record = msgspec.structs.replace(first, policy=policy, findings=[found])
        assert recommended == ("--policy decisions" in build_page(record).first.answers[3].detail)


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
    assert "Unknown" == build_page(AUDITS["nothing"]).first.answers[0].answer


def test_what_is_left_out_is_counted() -> None:
    page = build_page(with_volume(), Sizes(flips=10, findings=7))
    flips = _table(page, "Decisions that differ")
    assert (10, 3990) == (len(flips.rows), flips.left_out)
    blocks = _section(page, "findings").blocks
    assert 7 == sum(isinstance(block, FindingBlock) for block in blocks)
    assert More(93) == blocks[-1]


def test_the_limits_name_the_probes_the_scope_and_the_bound() -> None:
    limits = _limits(build_page(AUDITS["outputs_only"]))
    assert "gave outputs only" in limits
    assert "bounds the flip rate at 3.03 %" in limits
    assert "built-in" in _limits(build_page(AUDITS["equivalent"]))


def test_flips_of_tokens_are_also_said_by_rows() -> None:
    predictions = _section(build_page(AUDITS["equivalent"]), "predictions")
    assert "In 2 of 700 rows one differs: 0.286 % (95 % interval 0.03 % to 1.03 %)." in predictions.lede
    assert (
        "0.0222 %. In" in predictions.lede
    )  # tokens are not independent: their rate has no bound of its own
    none = msgspec.structs.replace(
        decisions(0, unit="token", rows=12),
        row_flip_rate=FlipRate(value=0, low=0, high=0.2646, confidence=0.95),
    )
    assert "bounds the share of rows with a flip at 26.5 %" in _limits(build_page(audit(decisions=none)))


def test_a_flip_in_a_token_says_which() -> None:
    page = build_page(audit(decisions=decisions(1, flips=[flip(81, token=4, id="x")], unit="token")))
    assert ("81, token 4 (x)", "1 of 120 token labels differs") == (
        _table(page, "Decisions that differ").rows[0].cells[0],
        _section(page, "predictions").lede.partition(":")[0],
    )
