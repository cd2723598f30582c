"""What of a model is quantised, compiled or offloaded, in this process: how parameters and precisions come out of it."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# torch and accelerate are typed in part only.

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from parity._in_process import tap
from parity._in_process.host import Refusal
from parity_transformers import graph_files, offloaded
from tests.models import tiny

accelerate: Any = pytest.importorskip("accelerate")

IDS = torch.tensor([[5, 6, 7, 8], [9, 10, 11, 12]])


class _Host:
    Refusal = Refusal


def test_offloaded_weights_run_in_float64_and_come_back_as_they_were(tmp_path: Path) -> None:
    plain, model = tiny("bert"), tiny("bert")
    host: Any = _Host()
    with torch.no_grad():
        places = offloaded.dispatch(model, "encoder.layer.1:disk", "tiny", host)
        assert {"": "cpu", "encoder.layer.1": "disk"} == places
        assert {"meta"} == {one.device.type for one in model.encoder.layer[1].parameters()}
        outputs = []
        for one in (plain, model):
            with tap.in_float64(one) as watch:
                outputs.append(one(IDS).last_hidden_state)
        assert torch.float64 == outputs[1].dtype
        assert torch.equal(*outputs)
        assert "mixed" not in watch.status
        assert torch.equal(plain(IDS).last_hidden_state, model(IDS).last_hidden_state)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("disk", "'disk' is not MODULE:DEVICE"),
        ("layer.1:disk", "has no module layer.1"),
        ("encoder.layer.9:disk", "has no module encoder.layer.9"),
    ],
)
def test_a_map_that_names_no_module_is_refused(text: str, words: str) -> None:
    host: Any = _Host()
    with pytest.raises(Refusal, match=words):
        offloaded.dispatch(tiny("bert"), text, "tiny", host)


def test_a_graph_is_quantised_by_its_operators_and_not_by_names_alike(tmp_path: Path) -> None:
    onnx: Any = pytest.importorskip("onnx")
    make: Any = onnx.helper

    def write(name: str, operator: str, node: str) -> str:
        value = [make.make_tensor_value_info(one, onnx.TensorProto.FLOAT, [2]) for one in ("x", "y")]
        graph = make.make_graph(
            [make.make_node(operator, ["x"], ["y"], name=node)], "g", value[:1], value[1:]
        )
        onnx.save(make.make_model(graph), str(tmp_path / name))
        return str(tmp_path / name)

    assert [] == graph_files.quantised_by(write("plain.onnx", "Relu", "MatMulInteger"))
    assert ["DynamicQuantizeLinear"] == graph_files.quantised_by(
        write("q.onnx", "DynamicQuantizeLinear", "a")
    )
