"""The parameters of two models compared over the border: without a forward, and without sending what digests decide."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# torch and transformers are typed in part only.

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from parity.pair_audit.parameters import compare_parameters
from parity.records.pair import Pair
from parity.records.parameters import Parameters
from parity.session.session import OpenRequest, Session, open_session
from parity.subjects.subject import parse_subject
from proof.tiny import build

pytestmark = pytest.mark.real
LAYER = "bert.encoder.layer.{}.{}.{}"


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("BertForSequenceClassification", tmp_path_factory.mktemp("parameters") / "reference", seed=1)


@pytest.fixture(scope="module")
def opened(reference: Path) -> Iterator[Session]:
    with open_session(OpenRequest(parse_subject(f"hf:{reference}"))) as session:
        yield session


def compared(
    opened: Session, folder: Path, options: str = "", ended: str = "", given: dict[str, str] | None = None
) -> Parameters:
    with open_session(OpenRequest(parse_subject(f"hf:{folder}{options}"))) as other:
        return compare_parameters(Pair(opened, other), ended, given).record


def changed(folder: Path, to: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    from safetensors.torch import load_file, save_file

    copy = shutil.copytree(folder, to)
    held = load_file(copy / "model.safetensors")
    change(held)
    save_file(
        {name: one.contiguous() for name, one in held.items()}, copy / "model.safetensors", {"format": "pt"}
    )
    return copy


def test_equal_parameters_are_known_by_their_digests_alone(opened: Session, reference: Path) -> None:
    found = compared(opened, reference, ended="the process of the reference ended")
    assert (57, 57, [], "", {"name and digest": 57}) == (
        found.compared,
        found.equal,
        found.differing,
        found.reason,
        found.paired_by,
    )


def test_every_change_is_named_with_how_it_was_made(opened: Session, reference: Path, tmp_path: Path) -> None:
    query, key = (LAYER.format(1, f"attention.self.{part}", "weight") for part in ("query", "key"))
    value = LAYER.format(0, "attention.self.value", "weight")
    dense, bias = (LAYER.format(2, "output.dense", kind) for kind in ("weight", "bias"))

    def change(held: dict[str, Any]) -> None:
        held[query], held[key] = held[key], held[query]
        held[value] = held[value].view(3, 8, 24)[[1, 0, 2]].reshape(24, 24)
        held[dense][3, 5] += 0.01
        held[bias] = held[bias].bfloat16().float()

    found = compared(opened, changed(reference, tmp_path / "changed", change))
    assert {
        query: (key, "permuted:names"),
        key: (query, "permuted:names"),
        value: (value, "permuted:heads"),
        dense: (dense, "changed"),
        bias: (bias, "rounded:bfloat16"),
    } == {one.reference: (one.candidate, one.relation) for one in found.differing}
    sizes = {one.reference: one.relative_l2 for one in found.differing}
    assert 0.0 == sizes[query] and 0 < (sizes[bias] or 0) < 4e-3 < (sizes[value] or 0)
    assert (57, 52) == (found.compared, found.equal)
    assert found == compared(opened, tmp_path / "changed")


def test_another_number_format_another_training_and_quantised_weights(
    opened: Session, reference: Path, tmp_path: Path
) -> None:
    def relations(found: Parameters) -> set[str]:
        return {one.relation for one in found.differing}

    assert {"rounded:bfloat16"} == relations(compared(opened, reference, "?dtype=bfloat16"))
    other = build("BertForSequenceClassification", tmp_path / "other", seed=2)
    assert {"retrained"} == relations(compared(opened, other))
    # Dynamic quantisation packs the weights of linear layers: their numbers are read as they stand for.
    packed = compared(opened, reference, "?quantize=dynamic-int8")
    assert {"rounded:int8"} == relations(packed)
    assert all(0 < (one.relative_l2 or 0) < 0.02 for one in packed.differing)


def test_what_could_not_be_examined_is_said(opened: Session, reference: Path, tmp_path: Path) -> None:
    name = LAYER.format(0, "attention.self.key", "bias")
    other = changed(reference, tmp_path / "bias", lambda held: held[name].add_(1.0))
    found = compared(opened, other, ended="the process of the candidate ended")
    assert "the process of the candidate ended" == found.reason
    assert [(name, "unknown", None)] == [
        (one.candidate, one.relation, one.relative_l2) for one in found.differing
    ]


def test_numbers_that_lie_on_disk_are_not_known_and_those_of_the_others_are(
    opened: Session, reference: Path, tmp_path: Path
) -> None:
    there, here = (LAYER.format(layer, "attention.self.key", "bias") for layer in (1, 2))

    def change(held: dict[str, Any]) -> None:
        for name in (there, here):
            held[name] = held[name] + 1.0

    other = changed(reference, tmp_path / "disk", change)
    found = compared(opened, other, "?device_map=bert.encoder.layer.1:disk")
    assert {there: "unknown", here: "changed"} == {one.candidate: one.relation for one in found.differing}
    assert "cannot be read on one side" in next(
        one.detail for one in found.differing if one.candidate == there
    )
    assert "" == found.reason


def test_what_a_map_leaves_out_is_said(opened: Session, reference: Path) -> None:
    names = [one.name for one in opened.described.parameters]
    found = compared(opened, reference, given={name: name for name in names[1:]})
    assert (56, 56, {"the map": 56}) == (found.compared, found.equal, found.paired_by)
    assert f"the map leaves out {names[0]}" == found.reason
