"""The headline: an AllenNLP archive against its port to Transformers, and against the ports people get wrong."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from tests.real.asking import ROOT, compare, stage

pytestmark = [pytest.mark.real]

ARCHIVE = "allennlp:fixtures/reviews.tar.gz"
LAYERS = ["layer.0", "layer.1", "layer.2"]
INPUTS = ("--inputs", "fixtures/reviews.jsonl")


@pytest.fixture(scope="module")
def porting() -> ModuleType:
    """`fixtures/port.py`, which is a script and no package."""
    import sys

    spec = importlib.util.spec_from_file_location("fixtures_port", ROOT / "fixtures" / "port.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.usefixtures("cold")
@pytest.mark.parametrize("order", ["port first", "archive first"])
def test_the_port_is_parity_in_every_stage(order: str, tmp_path: Path) -> None:
    subjects = ("hf:fixtures/port", ARCHIVE) if order == "port first" else (ARCHIVE, "hf:fixtures/port")
    audit = compare(*subjects, tmp_path, *INPUTS)
    assert "parity" == audit.verdict, audit.headline
    assert {"equal", "within_noise"} >= {record.status for record in audit.stages}
    names = {record.stage for record in audit.stages}
    assert {
        "text",
        "tokens",
        "input_ids",
        "embeddings",
        "layer.0",
        "layer.1",
        "layer.2",
        "pooled",
        "logits",
    } <= names
    assert (stage(audit, "logits").max_abs.value or 0.0) < 1e-6
    assert audit.decisions is not None
    assert audit.decisions.examples == audit.decisions.agree == audit.inputs.count
    assert [] == [item for item in audit.not_compared if item.counts]
    # Named otherwise in the archive, paired by what they hold; the embedder's own pooler is not trained and not used.
    seen = audit.parameters
    assert seen is not None and (57, 57, {"digest": 57}) == (seen.compared, seen.equal, seen.paired_by)
    assert ["pooler"] * 2 == [name.split(".")[-3] for name in (*seen.only_reference, *seen.only_candidate)]


@pytest.mark.parametrize(
    ("mistake", "first", "cause", "own"),
    [
        ("unused_pooler", "pooled", None, ["pooled"]),
        ("layer_norm_eps", "embeddings", "config.layer_norm_eps", ["embeddings", *LAYERS]),
        ("gelu_new", "layer.0", "config.activation", LAYERS),
        ("no_lowercase", "text", "text.lowercase", []),
        ("labels_swapped", "logits", "output.label_order", ["logits"]),
        ("layer_nudged", "layer.1", None, ["layer.1"]),
        ("max_length_cut", "input_ids", "tokenizer.truncation", []),
    ],
)
def test_a_wrong_port_is_divergent_at_the_stage_of_its_mistake(
    porting: ModuleType, mistake: str, first: str, cause: str | None, own: list[str], tmp_path: Path
) -> None:
    archive = porting.read_archive()
    port = porting.MISTAKES[mistake](porting.right_port(archive), archive)
    folder = porting.write_port(port, tmp_path / "port")
    audit = compare(ARCHIVE, f"hf:{folder}", tmp_path / "audit", *INPUTS)
    assert "divergent" == audit.verdict
    assert 1 == audit.exit_code
    assert audit.first_divergence is not None
    assert first == audit.first_divergence.stage, audit.headline
    if cause is not None:
        assert cause == audit.findings[0].cause
    # What has an error of its own on the archive's input; the layers after it inherit one, and are not named.
    assert own == [layer.stage for layer in audit.layers if layer.own]
    assert [] == [layer.stage for layer in audit.layers if layer.isolated_relative_l2 is None]
    assert sorted(own) == sorted({name for origin in audit.origins for name in origin.stages})


def test_an_activation_is_the_error_of_the_module_that_applies_it_in_every_layer(
    porting: ModuleType, tmp_path: Path
) -> None:
    archive = porting.read_archive()
    port = porting.MISTAKES["gelu_new"](porting.right_port(archive), archive)
    folder = porting.write_port(port, tmp_path / "port")
    audit = compare(ARCHIVE, f"hf:{folder}", tmp_path / "audit", *INPUTS)
    places = [f"layer.{k}.intermediate.intermediate_act_fn" for k in range(len(LAYERS))]
    named = [one.module.candidate for one in audit.origins]
    assert [True] * len(LAYERS) == [path.endswith(place) for path, place in zip(named, places, strict=True)]
    # In the archive's version of Transformers all layers hold one and the same activation.
    (one,) = {origin.module.reference for origin in audit.origins}
    assert one.endswith(places[0])


def test_classes_in_another_order_names_and_rows_alike_are_parity_and_said(
    porting: ModuleType, tmp_path: Path
) -> None:
    port = porting.classes_reordered(porting.right_port(porting.read_archive()), porting.read_archive())
    folder = porting.write_port(port, tmp_path / "port")
    audit = compare(ARCHIVE, f"hf:{folder}", tmp_path / "audit", *INPUTS)
    assert "parity" == audit.verdict, audit.headline
    assert audit.decisions is not None
    assert "permuted" == audit.decisions.class_order
    assert "output.label_order" in {finding.cause for finding in audit.findings}
    assert audit.parameters is not None
    assert ["permuted:rows"] * 2 == [one.relation for one in audit.parameters.differing]
    assert "differ" not in audit.headline
