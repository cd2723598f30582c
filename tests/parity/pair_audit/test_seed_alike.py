"""A seed audit of something else is refused before anything is run, with what differs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from parity.border.description import Abilities, Description, StageSeen
from parity.errors import RecordError
from parity.inputs.inputs import Inputs, open_inputs
from parity.inputs.spec import InputsSpec
from parity.pair_audit.seed_alike import check_alike
from parity.records.pair import Pair
from parity.records.seed_audit import SeedAudit
from tests.real.asking import parity
from tests.seed_audits import SEED_AUDITS

SEEDS = SEED_AUDITS["unstable"]


@pytest.fixture
def inputs(tmp_path: Path) -> Inputs:
    path = tmp_path / "texts.txt"
    path.write_text("one\ntwo\n")
    return open_inputs(InputsSpec(str(path)))


def seeds_on(inputs: Inputs, **changes: Any) -> SeedAudit:
    same = msgspec.structs.replace(SEEDS.inputs, digest=inputs.digest)
    return msgspec.structs.replace(SEEDS, **{"inputs": same, **changes})


def described(layers: int = 2, labels: list[str] | None = None) -> Pair[Description]:
    stages = [StageSeen(f"layer.{layer}", ["row", "token", "hidden"]) for layer in range(layers)]
    one = Description(
        "toy", {}, stages, Abilities(), labels=list(SEEDS.classes) if labels is None else labels
    )
    return Pair(one, one)


def refused(pair: Pair[Description], inputs: Inputs, seeds: SeedAudit) -> str:
    with pytest.raises(RecordError) as caught:
        check_alike(pair, inputs, seeds, "seeds/audit.json")
    assert caught.value.next_step
    return caught.value.sentence


def test_the_same_inputs_classes_and_layers_are_let_through(inputs: Inputs) -> None:
    seeds = seeds_on(inputs)
    check_alike(described(), inputs, seeds, "x")
    check_alike(described(labels=list(reversed(SEEDS.classes))), inputs, seeds, "x")
    check_alike(described(labels=[]), inputs, seeds, "x")
    check_alike(
        described(labels=[f"LABEL_{place}" for place in range(len(SEEDS.classes))]), inputs, seeds, "x"
    )
    check_alike(described(layers=0), inputs, seeds, "x")


def test_other_inputs_are_refused_with_both_digests(inputs: Inputs) -> None:
    sentence = refused(described(), inputs, SEEDS)
    assert "was made on other inputs" in sentence
    assert SEEDS.inputs.digest[:19] in sentence
    assert inputs.digest[:19] in sentence


def test_other_classes_are_refused_with_both_sets(inputs: Inputs) -> None:
    sentence = refused(described(labels=["yes", "no"]), inputs, seeds_on(inputs))
    assert "'yes', 'no'" in sentence
    assert repr(SEEDS.classes[0]) in sentence
    assert refused(described(labels=["LABEL_0"]), inputs, seeds_on(inputs))


def test_a_model_of_other_layers_is_refused(inputs: Inputs) -> None:
    sentence = refused(described(layers=4), inputs, seeds_on(inputs))
    assert "its runs have 2 layers, and the reference has 4" in sentence


@pytest.mark.real
def test_the_command_refuses_it_and_writes_no_audit(tmp_path: Path) -> None:
    path = tmp_path / "o.csv"
    path.write_text("text,neg,pos\na,1.5,2.5\nb,3.5,-1.25\n")
    audit = tmp_path / "seeds.json"
    audit.write_bytes(msgspec.json.encode(SEEDS))
    run = parity(
        "compare", f"outputs:{path}", f"outputs:{path}", "--seeds", str(audit), "--out", str(tmp_path / "out")
    )
    assert 2 == run.code
    assert "was made on other inputs" in run.complained, run.complained
    assert not (tmp_path / "out" / "audit.json").exists()
