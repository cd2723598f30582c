"""The runner of ONNX graphs: ONNX Runtime on the CPU, with the optimisations that it does by default.

The session around the graph is in `graph_session.py`, which the declaration shares with `hf:`. Nothing of parity is imported.
"""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# Values from ONNX Runtime are Any here.

from __future__ import annotations

import importlib
import platform
from typing import Any

PROTOCOL = 2


def open(request: dict[str, Any], host: Any) -> Any:
    """Open the graph that the request names, with the tokenizer beside it."""
    return importlib.import_module(".graph_session", __package__).open_graph(request, _Graph, host)


class _Graph:
    """One graph that ONNX Runtime has loaded."""

    framework = "onnxruntime"
    ending = ".onnx"

    def __init__(self, path: str, threads: int) -> None:
        import onnxruntime  # type: ignore[import-untyped]  # it has no stubs

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.use_deterministic_compute = True
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.inputs = {one.name: (one.type, one.shape) for one in self._session.get_inputs()}
        self.outputs = {one.name: (one.type, one.shape) for one in self._session.get_outputs()}
        self.versions = {"python": platform.python_version(), "onnxruntime": onnxruntime.__version__}

    def run(self, names: list[str], feeds: dict[str, Any]) -> list[Any]:
        """The outputs of these names as arrays, of inputs by name."""
        return list(self._session.run(names, feeds))
