"""A pair's differences beside those of seeds: like with like, and what is not alike is said."""

from __future__ import annotations

import io

import msgspec
from rich.console import Console

from parity.pair_audit.seed_scale import beside_seeds, seed_scale
from parity.records.audit import Audit
from parity.records.seed_audit import SeedAudit
from parity_reports.formats.html import render as render_html
from parity_reports.formats.markdown import render as render_markdown
from parity_reports.formats.terminal import print_summary
from tests.audit_parts import audit, decisions, stages, tensor_stage
from tests.audits import AUDITS
from tests.dom import parse_page
from tests.gold_files import assert_gold
from tests.seed_audits import SEED_AUDITS

PAIR = audit(
    stages=[
        tensor_stage("embeddings", "own", 0.0),
        tensor_stage("layer.0", "own", 400.0),
        tensor_stage("layer.0", "same_ids", 200.0),
        tensor_stage("layer.1", "own", 100.0),
        tensor_stage("pooled", "own", 100.0),
        tensor_stage("logits", "own", 100.0),
    ],
    decisions=decisions(6, classes=["hold", "fine", "borrow"]),
)
SEEDS = SEED_AUDITS["unstable"]


def _seeds(**changes: object) -> SeedAudit:
    return msgspec.structs.replace(SEEDS, **changes)


def test_a_stage_is_said_beside_the_mean_of_two_seeds() -> None:
    scale = seed_scale(PAIR, SEEDS, "seeds/audit.json")
    found = {item.stage: item for item in scale.stages}
    assert ["embeddings", "layer.0", "layer.1", "pooled"] == list(found)
    assert 0.8 == found["layer.0"].seeds_relative_l2
    assert found["layer.0"].relative_l2 == 200 * 1.3e-7
    assert found["layer.0"].ratio == 200 * 1.3e-7 / 0.8


def test_the_pass_on_the_same_ids_is_taken_where_there_is_one() -> None:
    passes = {item.stage: item.pass_ for item in seed_scale(PAIR, SEEDS, "x").stages}
    assert ("same_ids", "own") == (passes["layer.0"], passes["layer.1"])


def test_a_stage_that_is_constant_in_all_runs_has_no_ratio() -> None:
    pooled = next(item for item in seed_scale(PAIR, SEEDS, "x").stages if item.stage == "pooled")
    assert (None, None) == (pooled.seeds_relative_l2, pooled.ratio)


def test_stages_of_another_architecture_are_said_and_not_guessed() -> None:
    pair = msgspec.structs.replace(PAIR, stages=stages("layer.2"))
    scale = seed_scale(pair, SEEDS, "x")
    assert [] == scale.stages
    expected = "another architecture: it has 2 layers (layer.0 to layer.1), and this pair 4 layers (layer.0 to layer.3)"
    assert expected in scale.sentence


def test_a_seed_audit_of_outputs_only_says_nothing_of_stages() -> None:
    scale = seed_scale(PAIR, _seeds(cka=[]), "x")
    assert [] == scale.stages
    assert "has no stage of two runs" in scale.sentence


def test_decisions_stand_beside_mean_churn_with_its_interval() -> None:
    scale = seed_scale(PAIR, SEEDS, "x")
    assert (0.05, 0.188) == (scale.flip_rate, scale.seeds_churn)
    assert scale.seeds_churn_low is not None and scale.seeds_churn_low < 0.188
    assert scale.flip_ratio == 0.05 / 0.188


def test_other_classes_are_not_set_side_by_side() -> None:
    scale = seed_scale(PAIR, _seeds(classes=["yes", "no"]), "x")
    assert (None, None) == (scale.seeds_churn, scale.flip_ratio)
    assert "other classes" in scale.sentence


def test_other_inputs_are_said() -> None:
    assert "ran on other inputs" in seed_scale(PAIR, SEEDS, "x").sentence
    same = _seeds(inputs=msgspec.structs.replace(SEEDS.inputs, digest=PAIR.inputs.digest))
    assert "other inputs" not in seed_scale(PAIR, same, "x").sentence


def test_one_run_has_nothing_to_be_set_beside() -> None:
    scale = seed_scale(PAIR, SEED_AUDITS["one_run"], "x")
    assert ([], None, []) == (scale.stages, scale.seeds_churn, scale.metrics)
    assert "no two runs" in scale.sentence


def test_a_metric_stands_beside_its_sd_over_seeds() -> None:
    record = AUDITS["divergent_at_tokens"]
    assert record.decisions is not None
    found = {item.metric: item for item in seed_scale(record, SEEDS, "x").metrics}
    known = {item.metric: item.difference for item in record.decisions.metrics}
    assert {"accuracy"} <= set(found)
    assert known["accuracy"] == found["accuracy"].difference
    assert found["accuracy"].seeds_sd == SEEDS.metrics["accuracy"].spread.sd


def test_the_finding_says_the_sizes_of_the_stage_where_the_pair_first_parts() -> None:
    record = beside_seeds(AUDITS["divergent_at_layer"], _as_deep(SEEDS), "seeds/audit.json")
    first = record.first_divergence
    assert first is not None
    assert first.stage == record.findings[-1].stage
    assert f"{first.stage} differs by a relative L2 of" in record.findings[-1].sentence
    assert record.findings[-1].severity == "notice"


def test_the_section_is_the_one_last_looked_at() -> None:
    page = parse_page(render_html(beside_seeds(PAIR, SEEDS, "seeds/audit.json")))
    section = next(item for item in page.find("section") if item.attributes["id"] == "scale")
    assert_gold(
        "seeds/scale.txt", "\n".join(line for line in section.text.splitlines() if line.strip()) + "\n"
    )


def test_summary_and_terminal_say_it_too() -> None:
    record = beside_seeds(PAIR, SEEDS, "seeds/audit.json")
    stream = io.StringIO()
    print_summary(record, Console(file=stream, width=100))
    assert "## Compared with the spread over seeds" in render_markdown(record)
    assert "compared with seeds: layer.0 differs" in stream.getvalue()


def test_without_a_seed_audit_no_report_speaks_of_seeds() -> None:
    record: Audit = AUDITS["divergent_at_layer"]
    assert record.seed_scale is None
    assert 'id="scale"' not in render_html(record)
    assert "scale of seeds" not in render_markdown(record)


def _as_deep(seeds: SeedAudit) -> SeedAudit:
    """The seed audit with the four layers that the made-up pair has."""
    layer = next(item for item in seeds.cka if item.stage == "layer.1")
    deeper = [msgspec.structs.replace(layer, stage=f"layer.{index}") for index in (2, 3)]
    return msgspec.structs.replace(seeds, cka=[*seeds.cka[:3], *deeper, seeds.cka[3]])
