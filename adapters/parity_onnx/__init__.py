"""The ONNX adapter: exported graphs, run by ONNX Runtime, with the tokenizer and the config that lie beside them.

onnx:./export   onnx:./model.onnx   onnx:./model.onnx?tokenizer=./model

Everything but the call of ONNX Runtime is shared with `hf:`: how tokenizers and configs are read, and how a graph's inputs and outputs
are named.
"""

from __future__ import annotations

from pathlib import Path

from parity.subjects.adapter import Adapter, Option

__all__ = ["adapter"]

_HERE = Path(__file__).parent

adapter = Adapter(
    scheme="onnx",
    runner=_HERE / "runner.py",
    shares=(_HERE.parent / "parity_transformers",),
    framework=("onnxruntime", "transformers"),
    examples={"onnx:./export": "an exported graph with its tokenizer"},
    options=(
        Option("tokenizer", "folder", "the folder with tokenizer and config; the graph's own by default"),
        Option("batch_size", "count", "at most this many rows at a time"),
        Option("max_length", "count", "the most tokens of a row; by default what tokenizer and graph allow"),
        Option("truncation", "flag", "whether longer rows are truncated; true by default"),
        Option(
            "padding",
            "choice",
            "pad to the batch's longest row, or always to the maximum",
            ("longest", "max_length"),
        ),
        Option("padding_side", "choice", "left or right; the tokenizer's own by default", ("left", "right")),
        Option("temperature", "positive", "divides the logits before probabilities; 1 by default"),
    ),
)
