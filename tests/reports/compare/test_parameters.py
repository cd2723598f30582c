"""The section on parameters: what differs and how, what has no counterpart, and what was not compared."""

from __future__ import annotations

from msgspec.structs import replace

from parity.records.pairing import StagePair, StagePairing
from parity.records.parameters import ParameterPair, Parameters
from parity_reports.blocks import Points, Prose, Table
from parity_reports.compare.parameters import build_parameters, parameter_lines
from tests.audits import AUDITS

AUDIT = next(iter(AUDITS.values()))
DIFFERING = ParameterPair(
    reference="a.key.bias",
    candidate="b.key.bias",
    relation="changed",
    relative_l2=0.25,
    by="name, renamed as 3 others are",
    detail="24 of 24 rows",
)
SEEN = Parameters(
    compared=4,
    equal=3,
    differing=[DIFFERING],
    only_candidate=["b.pooler"],
    paired_by={"digest": 3, "name": 1},
)


def test_what_differs_is_a_folded_table_with_the_reason_of_its_pair() -> None:
    section = build_parameters(replace(AUDIT, parameters=SEEN), 50)
    assert section is not None
    told, table, only = section.blocks
    assert isinstance(told, Prose) and isinstance(table, Table) and isinstance(only, Table)
    assert (
        "4 parameters of both sides were compared by digest: 3 of 4 hold the same bytes. Paired by digest (3), name (1)."
        == told.text
    )
    assert (True, ("a.key.bias", "b.key.bias", "changed", "0.25", "24 of 24 rows", DIFFERING.by)) == (
        table.collapsed,
        table.rows[0].cells,
    )
    assert ("b.pooler",) == only.rows[0].cells


def test_a_terminal_has_one_line_and_none_where_nothing_differs() -> None:
    assert ("parameters: 3 of 4 hold the same bytes; 1 changed; the first is b.key.bias",) == parameter_lines(
        replace(AUDIT, parameters=SEEN)
    )
    assert () == parameter_lines(replace(AUDIT, parameters=Parameters(compared=4, equal=4)))
    silent = Parameters(compared=0, equal=0, reason="the candidate (onnx) does not give them")
    assert () == parameter_lines(replace(AUDIT, parameters=silent))


def test_a_part_of_a_fused_parameter_is_named_with_the_place_where_it_differs() -> None:
    where = "it is rows 4-7 of b.qkv.weight"
    whole = [
        ParameterPair(
            reference=f"a.{name}.weight",
            candidate="b.qkv.weight",
            relation=relation,
            relative_l2=0.0,
            detail=detail,
        )
        for name, relation, detail in (("q", "fused:rows", ""), ("k", "changed", where))
    ]
    seen = Parameters(compared=4, equal=2, differing=whole)
    (line,) = parameter_lines(replace(AUDIT, parameters=seen))
    assert f"1 fused:rows, 1 changed; the first is b.qkv.weight (a.k.weight: {where})" in line


def test_which_stage_is_which_is_a_folded_table_and_what_a_map_overrides_is_said_first() -> None:
    pairs = [
        StagePair(reference="layer.0", candidate="layer.0", by="name and axes"),
        StagePair(reference="pooled", candidate="module.ff", by="the map"),
    ]
    overrides = ["the stage pooled is joined with module.ff (without the map with none)"]
    pairing = StagePairing(stages=pairs, map="m.toml", overrides=overrides)
    audit = replace(AUDIT, parameters=Parameters(compared=4, equal=4), pairing=pairing)
    section = build_parameters(audit, 50)
    assert section is not None
    _, points, table = section.blocks
    assert isinstance(points, Points) and isinstance(table, Table)
    assert ("What the map m.toml pairs otherwise", True) == (points.heading, table.collapsed)
    assert [("layer.0", "the same name", "name and axes"), ("pooled", "module.ff", "the map")] == [
        row.cells for row in table.rows
    ]
    assert (f"the map m.toml overrides: {overrides[0]}",) == parameter_lines(audit)


def test_a_terminal_says_what_was_not_examined_beside_what_was() -> None:
    seen = Parameters(compared=4, equal=4, reason="the map leaves out a.bias")
    assert (
        "parameters: 4 of 4 hold the same bytes; not examined: the map leaves out a.bias",
    ) == parameter_lines(replace(AUDIT, parameters=seen))


def test_what_was_not_compared_is_said_and_an_older_record_has_no_section() -> None:
    section = build_parameters(
        replace(
            AUDIT,
            parameters=Parameters(compared=0, equal=0, reason="the candidate (onnx) does not give them"),
        ),
        50,
    )
    assert section is not None
    assert [Prose("Not compared: the candidate (onnx) does not give them.")] == list(section.blocks)
    assert None is build_parameters(replace(AUDIT, parameters=None), 50)
