"""Parameters that differ and that no input uses: an agreement says so, whatever the stages show."""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# torch and safetensors are typed in part only.

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from parity.align.changed_parameters import (
    changed_parameters,
    changed_parameters_note,
    common_parameters,
    unlike_parameters,
)
from parity.border.description import Abilities, Description, Parameter
from parity.records.pair import Pair
from parity.records.parameters import Parameters
from tests.models import tiny_bert
from tests.real.asking import compare


def described(
    digests: dict[str, str], dtype: str = "float32", newly_initialised: list[str] | None = None
) -> Description:
    return Description(
        "toy",
        {},
        [],
        Abilities(),
        dtype=dtype,
        parameters=[Parameter(name, [2], "float32", digest) for name, digest in digests.items()],
        newly_initialised=newly_initialised or [],
    )


def test_parameters_of_one_name_and_other_values_are_named() -> None:
    sides = Pair(described({"a": "1", "b": "1", "c": "1"}), described({"a": "1", "b": "2", "c": "1"}))
    assert (["a", "b", "c"], ["b"]) == (common_parameters(sides), changed_parameters(sides))


def test_what_no_file_holds_is_drawn_anew_and_is_no_change() -> None:
    sides = Pair(described({"a": "1", "b": "1"}, newly_initialised=["b"]), described({"a": "1", "b": "2"}))
    assert [] == changed_parameters(sides)


def test_a_change_that_a_map_leaves_out_is_named_all_the_same() -> None:
    sides = Pair(described({"a": "1", "b": "1", "c": "1"}), described({"a": "1", "b": "2", "c": "1"}))
    left_out = Parameters(compared=1, equal=1, only_reference=["b", "c"], only_candidate=["b", "c"])
    assert ["b"] == unlike_parameters(sides, left_out)
    assert ["b"] == unlike_parameters(sides, None)


@pytest.mark.parametrize(
    ("there", "dtype"),
    [({"a": "2", "b": "2"}, "bfloat16"), ({"x": "2", "y": "2", "a": "2"}, "float32")],
    ids=["another number format", "other names"],
)
def test_models_whose_values_must_differ_share_no_parameters(there: dict[str, str], dtype: str) -> None:
    assert [] == common_parameters(Pair(described({"a": "1", "b": "1"}), described(there, dtype=dtype)))


@pytest.mark.parametrize(
    ("changed", "note"),
    [
        ([], ""),
        (["a"], "1 parameter differs, and these inputs do not show it: a"),
        (list("abcde"), "5 parameters differ, and these inputs do not show it: a, b, c and 2 more"),
    ],
)
def test_the_note_names_the_first_three(changed: list[str], note: str) -> None:
    assert note == changed_parameters_note(changed)


@pytest.mark.real
def test_rows_of_a_table_that_no_input_reaches_head_the_report_of_a_parity(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    reference, candidate = tmp_path / "reference", tmp_path / "candidate"
    tiny_bert(reference)
    shutil.copytree(reference, candidate)
    tensors = load_file(candidate / "model.safetensors")
    tensors["bert.embeddings.position_embeddings.weight"][30:] += 1
    save_file(tensors, candidate / "model.safetensors", metadata={"format": "pt"})
    texts = tmp_path / "texts.txt"
    texts.write_text("a good film\nthe plot was dull\n", encoding="utf-8")
    audit = compare(f"hf:{reference}", f"hf:{candidate}", tmp_path / "audit", "--inputs", str(texts))
    named = "1 parameter differs, and these inputs do not show it: embeddings.position_embeddings.weight"
    assert ("parity", True) == (audit.verdict, named in audit.headline.replace("bert.", ""))
    assert "Nothing to fix on these inputs" in (tmp_path / "audit" / "report.html").read_text(
        encoding="utf-8"
    )
