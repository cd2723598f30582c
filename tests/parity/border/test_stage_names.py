"""The names of a comparison for a runner's stages: exchanged in all that is asked and answered, and no two stages have one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from parity.border.description import Abilities, Description, StageSeen
from parity.border.stage_names import StageNames

HIDDEN = ["row", "token", "hidden"]
OFFERED = ["embeddings", "layer.0", "layer.1", "layer.2"]


def test_a_stage_whose_name_another_one_gets_has_one_of_its_own() -> None:
    names = StageNames.joined({"layer.2": "layer.1"}, OFFERED)
    described = Description("toy", {}, [StageSeen(name, HIDDEN) for name in OFFERED], Abilities())
    assert ["embeddings", "layer.0", "the candidate's layer.1", "layer.1"] == [
        seen.name for seen in names.described(described).stages
    ]


@given(st.permutations(OFFERED), st.integers(0, len(OFFERED)))
def test_every_stage_is_found_again_by_its_name(targets: list[str], count: int) -> None:
    names = StageNames.joined(dict(zip(OFFERED[:count], targets, strict=False)), OFFERED)
    assert OFFERED == [names.runners(names.of(name)) for name in OFFERED]
    assert len(OFFERED) == len({names.of(name) for name in OFFERED})


def test_what_is_given_and_shown_has_the_names_of_the_one_who_reads_it() -> None:
    names = StageNames.joined({"layer.2": "layer.1"}, OFFERED)
    asked = names.asked({"give": {"stages": {"layer.1": 1}, "parts": {}}, "lens": {"output": "layer.1"}})
    assert ({"layer.2": 1}, "layer.2") == (asked["give"]["stages"], asked["lens"]["output"])
    shown = names.calls(
        {
            "calls": [{"layer": "layer.2", "end": None, "path": "layer.2"}],
            "order": [{"stage": "layer.2"}, {"call": 0}],
            "layers": {"layer.2": {}},
        }
    )
    assert shown is not None
    assert [{"layer": "layer.1", "end": None, "path": "layer.2"}] == shown["calls"]
    assert ([{"stage": "layer.1"}, {"call": 0}], ["layer.1"]) == (shown["order"], list(shown["layers"]))
