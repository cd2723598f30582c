"""The file that says what is paired: it is read back as it was written, and a wrong name in it is refused with the right ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from parity.align.pair_map import PairMap
from parity.align.parameters import pair_parameters
from parity.align.plan import plan_of
from parity.border.description import Abilities, Description, Parameter, StageSeen
from parity.errors import MapDoesNotFit
from parity.records.pair import Pair

HIDDEN = ["row", "token", "hidden"]


def described(*names: str) -> Description:
    stages = [StageSeen(name, HIDDEN, f"m.{name}") for name in ("embeddings", "layer.0")]
    parameters = [Parameter(name, [2], "float32", name[-1]) for name in names]
    return Description("toy", {}, stages, Abilities(), parameters=parameters)


SIDES = Pair(
    described("a.query.1", 'a."odd"\u00e9.2', "a.lone.3"), described("b.query.1", "b.odd.2", "b.other.4")
)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "map.toml"
    path.write_text(PairMap.of(plan_of(SIDES), SIDES, pair_parameters(SIDES)).text(), encoding="utf-8")
    return path


def edited(path: Path, before: str, after: str) -> PairMap:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    return PairMap.read(path.read_text(encoding="utf-8"), path.name)


def test_what_is_written_is_read_back_with_its_reasons(written: Path) -> None:
    found = PairMap.read(written.read_text(encoding="utf-8"), written.name)
    found.check(SIDES, "map.toml")
    assert PairMap.of(plan_of(SIDES), SIDES, pair_parameters(SIDES)) == found
    assert {"a.query.1": "b.query.1", 'a."odd"\u00e9.2': "b.odd.2"} == found.pairs()
    assert {"digest"} == {one.by for one in found.parameter}
    assert (["a.lone.3"], ["b.other.4"]) == (
        found.without_counterpart["parameters_of_the_reference"],
        found.without_counterpart["parameters_of_the_candidate"],
    )
    assert ["name and axes; m.embeddings and m.embeddings", "name and axes; m.layer.0 and m.layer.0"] == [
        one.by for one in found.stage
    ]


def test_with_a_map_nothing_else_is_paired(written: Path) -> None:
    found = edited(written, '"b.query.1"', '"b.other.4"')
    pairing = pair_parameters(SIDES, found.pairs())
    assert ["b.other.4", "b.odd.2"] == [one.sides.candidate.name for one in pairing.pairs]
    assert {"the map"} == {one.by for one in pairing.pairs}
    assert ["b.query.1"] == [one.name for one in pairing.only.candidate]


def test_a_stage_that_is_left_out_counts_as_not_compared(written: Path) -> None:
    found = edited(
        written,
        '[[stage]]\nreference = "embeddings"\ncandidate = "embeddings"',
        '[[stage]]\nreference = "layer.0"\ncandidate = "layer.0"',
    )
    with pytest.raises(MapDoesNotFit, match="stands in 2 entries"):
        found.check(SIDES, "map.toml")
    one = PairMap(found.stage[1:], parameter=found.parameter)
    one.check(SIDES, "map.toml")
    plan = one.planned(plan_of(SIDES))
    assert ("layer.0",) == plan.stages
    assert [("embeddings", True)] == [(item.stage, item.counts) for item in plan.not_compared]


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ('"b.query.1"', '"b.qury.1"', "the candidate has no parameter 'b.qury.1'. It has: b.query.1"),
        ('"a.query.1"', '"x"', "the reference has no parameter 'x'. It has: "),
        (
            'candidate = "layer.0"',
            'candidate = "embeddings"',
            "the stage 'embeddings' of the candidate stands in 2",
        ),
        ("[[stage]]", "[[stages]]", "unknown field `stages`"),
        ('reference = "embeddings"', "reference = 1", "Expected `str`, got `int`"),
        ("[[stage]]", "[[stage", "it is not TOML"),
    ],
)
def test_a_mistake_in_the_file_is_one_sentence_with_the_right_names(
    written: Path, before: str, after: str, sentence: str
) -> None:
    with pytest.raises(MapDoesNotFit) as caught:
        edited(written, before, after).check(SIDES, "map.toml")
    assert sentence in str(caught.value)
    assert ("map", 2) == (caught.value.slug, caught.value.exit_code)


def test_stages_of_unlike_names_are_joined_and_what_is_overridden_is_said(written: Path) -> None:
    text = written.read_text(encoding="utf-8")
    for before, after in (("embeddings", "layer.0"), ("layer.0", "embeddings")):
        text = text.replace(
            f'reference = "{before}"\ncandidate = "{before}"',
            f'reference = "{before}"\ncandidate = "{after}"',
        )
    found = PairMap.read(text.replace('"b.query.1"', '"b.other.4"'), "map.toml")
    found.check(SIDES, "map.toml")
    assert [("embeddings", "layer.0"), ("layer.0", "embeddings")] == found.joined()
    assert [
        "the stage embeddings is joined with layer.0 (without the map with embeddings)",
        "the stage layer.0 is joined with embeddings (without the map with layer.0)",
        "the parameter a.query.1 is paired with b.other.4 (without the map with b.query.1)",
    ] == found.overrides(plan_of(SIDES), [], pair_parameters(SIDES))


@pytest.mark.parametrize(
    ("places", "sentence"),
    [
        ("rows 0-1", "the places 'rows 0-1' of 'a.query.1' cannot be read"),
        ("rows 0-2 as rows", "3 places (0-2) are given for the 2 rows of 'b.query.1'"),
        ("rows 1-2 as rows", "in the 2 rows of 'a.query.1'"),
    ],
)
def test_places_that_do_not_fit_are_refused_in_a_sentence(written: Path, places: str, sentence: str) -> None:
    before = 'candidate = "b.query.1"\n'
    found = edited(written, before, f'{before}places = "{places}"\n')
    with pytest.raises(MapDoesNotFit, match=re.escape(sentence)):
        found.check(SIDES, "map.toml")
