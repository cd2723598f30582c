"""Stages of unlike names: one layer more on one side, a model that is wrapped twice, and what a map joins."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# torch and safetensors are typed in part only.

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import parity
from parity.records.audit import Audit
from proof.tiny import build
from tests.real.asking import compare, stage
from tests.real.asking import parity as command

pytestmark = pytest.mark.real
TEXTS = ("a fine film it was", "dull", "the good film that i love and you hate")
ORDER = "axes and parameters, in one order"
EQUAL = "axes and equal parameters, in one order"
TWICE = """
import torch
from transformers import LlamaModel
from transformers.modeling_outputs import SequenceClassifierOutputWithPast
from transformers.models.llama.modeling_llama import LlamaPreTrainedModel


class Inner(LlamaPreTrainedModel):
    def __init__(self, config):
        super().__init__(config)
        self.model = LlamaModel(config)
        self.post_init()

    def forward(self, *args, **kwargs):
        return self.model(*args, **kwargs)


class TwiceForSequenceClassification(LlamaPreTrainedModel):
    def __init__(self, config):
        super().__init__(config)
        self.model = Inner(config)
        self.score = torch.nn.Linear(config.hidden_size, config.num_labels, bias=False)
        self.post_init()

    def forward(self, input_ids=None, attention_mask=None, **kwargs):
        logits = self.score(self.model(input_ids, attention_mask=attention_mask).last_hidden_state)
        last = (torch.arange(input_ids.shape[1]) * (input_ids != self.config.pad_token_id)).argmax(-1)
        return SequenceClassifierOutputWithPast(logits=logits[torch.arange(len(logits)), last])
"""


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("joined")
    (folder / "texts.txt").write_text("\n".join(TEXTS) + "\n", encoding="utf-8")
    return build("LlamaForSequenceClassification", folder / "llama", seed=1)


def audited(llama: Path, candidate: str, out: Path, *more: str) -> Audit:
    return compare(f"hf:{llama}", candidate, out, "--inputs", str(llama.parent / "texts.txt"), *more)


def rewritten(
    llama: Path, to: Path, rename: Callable[[dict[str, Any]], dict[str, Any]], **config: Any
) -> Path:
    """A copy with other parameters and other fields of config.json."""
    from safetensors.torch import load_file, save_file

    shutil.copytree(llama, to)
    held = rename(load_file(to / "model.safetensors"))
    save_file(held, to / "model.safetensors", {"format": "pt"})
    fields = {**json.loads((to / "config.json").read_text("utf-8")), **config}
    (to / "config.json").write_text(json.dumps(fields), encoding="utf-8")
    return to


def with_a_layer_that_does_nothing(held: dict[str, Any]) -> dict[str, Any]:
    """A second layer whose two outputs are zero; those that follow have the next number."""
    found: dict[str, Any] = {}
    for name, one in held.items():
        path = name.split(".")
        if path[1] != "layers":
            found[name] = one
            continue
        number = int(path[2])
        found[".".join([*path[:2], str(number + (number > 0)), *path[3:]])] = one
        if number == 0:
            zero = path[-2] in ("o_proj", "down_proj")
            found[".".join([*path[:2], "1", *path[3:]])] = one * 0 if zero else one + 0.01
    return found


def pairs(audit: Audit) -> dict[str, tuple[str, str]]:
    assert audit.pairing is not None
    return {one.reference: (one.candidate, one.by.partition(";")[0]) for one in audit.pairing.stages}


def test_layers_after_an_odd_one_are_paired_by_what_they_hold_and_the_odd_one_is_listed(
    llama: Path, tmp_path: Path
) -> None:
    deep = rewritten(llama, tmp_path / "deep", with_a_layer_that_does_nothing, num_hidden_layers=4)
    audit = audited(llama, f"hf:{deep}", tmp_path / "out")
    assert {"layer.1": ("layer.2", EQUAL), "layer.2": ("layer.3", EQUAL)} == {
        name: one for name, one in pairs(audit).items() if one[0] != name
    }
    assert ("layer.0", "name and axes") == pairs(audit)["layer.0"]
    assert {"equal"} == {stage(audit, f"layer.{number}").status for number in range(3)}
    assert audit.parameters is not None and (30, 30) == (audit.parameters.compared, audit.parameters.equal)
    assert 9 == len(audit.parameters.only_candidate)
    assert [] == [one.cause for one in audit.findings if (one.cause or "").startswith("weights")]
    assert ("not_comparable", ["the candidate's layer.1"]) == (
        audit.verdict,
        [item.stage for item in audit.not_compared if item.counts],
    )
    assert "Which stage is which" in (tmp_path / "out" / "report.html").read_text("utf-8")


def test_an_error_behind_the_odd_layer_is_that_of_the_layer_it_is_in(llama: Path, tmp_path: Path) -> None:
    def change(held: dict[str, Any]) -> dict[str, Any]:
        found = with_a_layer_that_does_nothing(held)
        found["model.layers.2.mlp.down_proj.weight"][3, 2] += 0.05
        return found

    deep = rewritten(llama, tmp_path / "deep", change, num_hidden_layers=4)
    audit = audited(llama, f"hf:{deep}", tmp_path / "out")
    assert ("layer.2", EQUAL) == pairs(audit)["layer.1"]
    assert [("model.layers.1.mlp.down_proj", "model.layers.2.mlp.down_proj")] == [
        (one.module.reference, one.module.candidate) for one in audit.origins
    ]
    assert "equal" == stage(audit, "layer.0").status


def test_a_model_that_is_wrapped_twice_is_aligned_as_a_whole(llama: Path, tmp_path: Path) -> None:
    def wrapped(held: dict[str, Any]) -> dict[str, Any]:
        return {f"model.{name}" if name.startswith("model.") else name: one for name, one in held.items()}

    name = "TwiceForSequenceClassification"
    auto = {"AutoModelForSequenceClassification": f"modeling_twice.{name}"}
    twice = rewritten(llama, tmp_path / "twice", wrapped, architectures=[name], auto_map=auto)
    (twice / "modeling_twice.py").write_text(TWICE, encoding="utf-8")
    audit = audited(llama, f"hf:{twice}?trust_remote_code=true", tmp_path / "out")
    assert "parity" == audit.verdict, audit.headline
    assert ("module.model.norm", ORDER) == pairs(audit)["module.norm"]
    assert audit.pairing is not None
    (layer,) = (one for one in audit.pairing.stages if one.reference == "layer.1")
    assert (
        "name and axes; model.layers.1 and model.model.layers.1, whose parameters are one another's"
        == layer.by
    )
    assert audit.parameters is not None
    assert (30, {"digest": 29, "name and digest": 1}) == (audit.parameters.equal, audit.parameters.paired_by)


@pytest.fixture(scope="module")
def written(llama: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A candidate with one layer more, and the map of what is found."""
    folder = tmp_path_factory.mktemp("map") / "deep"
    deep = f"hf:{rewritten(llama, folder, with_a_layer_that_does_nothing, num_hidden_layers=4)}"
    return deep, parity.pairing(f"hf:{llama}", deep)


def entry(reference: str, candidate: str) -> str:
    return f'[[stage]]\nreference = "{reference}"\ncandidate = "{candidate}"'


def test_a_map_has_the_stages_of_unlike_names_and_is_obeyed(
    llama: Path, tmp_path: Path, written: tuple[str, str]
) -> None:
    deep, text = written
    assert entry("layer.2", "layer.3") in text and "[[module]]" in text
    place = tmp_path / "map.toml"
    place.write_text(text, encoding="utf-8")
    audit = audited(llama, deep, tmp_path / "same", "--map", str(place))
    assert ("layer.3", "the map") == pairs(audit)["layer.2"]
    assert audit.pairing is not None and ([], str(place)) == (audit.pairing.overrides, audit.pairing.map)
    place.write_text(text.replace(entry("layer.1", "layer.2"), entry("layer.1", "layer.1")), encoding="utf-8")
    run = command(
        *("compare", f"hf:{llama}", deep, "--inputs", str(llama.parent / "texts.txt")),
        *("--map", str(place), "--out", str(tmp_path / "other")),
    )
    assert 1 == run.code
    assert "overrides: the stage layer.1 is joined with layer.1 (without the map with layer.2)" in run.said
    assert "What the map" in (tmp_path / "other" / "report.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (entry("layer.2", "layer.3"), entry("layer.2", "layer.9"), "the candidate has no stage 'layer.9'. It has: layer."),
        (entry("layer.2", "layer.3"), entry("layer.2", "logits"), "cannot be paired with 'logits': the one is [row, token, hidden]"),
        ('[[module]]\nreference = "model.norm"', '[[module]]\nreference = "model.nrm"', "the reference has no module 'model.nrm'. It has: model.norm"),
    ],
)  # fmt: skip
def test_what_a_map_cannot_join_is_a_sentence(
    llama: Path, tmp_path: Path, written: tuple[str, str], before: str, after: str, sentence: str
) -> None:
    deep, text = written
    if before == after[: len(before)] or before not in text:
        pytest.fail(f"{before} is not in the map")
    place = tmp_path / "map.toml"
    text = text.replace(before, after)
    if "logits" in after:
        text = text.replace(entry("logits", "logits"), entry("logits", "layer.3"))
    place.write_text(text, encoding="utf-8")
    run = command("compare", f"hf:{llama}", deep, "--map", str(place), "--out", str(tmp_path / "out"))
    assert 2 == run.code and sentence in " ".join(run.complained.split()), run.complained
