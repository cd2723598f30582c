"""Weights in other forms: refused at once, with what to run or to install."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.models import tiny_bert
from tests.real.asking import parity

pytestmark = [pytest.mark.real]


@pytest.mark.parametrize(
    ("file", "step"),
    [
        ("tf_model.h5", "from_tf=True"),
        ("flax_model.msgpack", "from_flax=True"),
        ("m.gguf", "gguf_file='m.gguf'"),
    ],
)
def test_weights_of_another_framework_come_with_their_conversion(
    file: str, step: str, tmp_path: Path
) -> None:
    folder = tiny_bert(tmp_path / "model")
    (folder / "model.safetensors").rename(folder / file)
    run = parity("inspect", f"hf:{folder}")
    assert (2, True, True) == (run.code, file in run.complained, step in run.complained), run.complained


def test_weights_for_a_package_that_is_not_there_name_it(tmp_path: Path) -> None:
    folder = tiny_bert(tmp_path / "model")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["quantization_config"] = {"quant_method": "aqlm", "in_group_size": 8}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    run = parity("inspect", f"hf:{folder}")
    assert (2, True) == (run.code, "this interpreter has no aqlm" in run.complained), run.complained
