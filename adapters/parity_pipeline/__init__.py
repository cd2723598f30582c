"""The pipeline adapter: a folder as the high-level call of its library runs it, with its own defaults; outputs alone.

pipeline:./folder   pipeline:./folder?task=summarization   "pipeline:./folder@/envs/old/bin/python?aggregation_strategy=first"

Which tasks there are and how their outputs are read is in `calls.py`, `readers.py` and `class_readers.py`, the session is in `session.py`.
"""

from __future__ import annotations

from pathlib import Path

from parity.subjects.adapter import Adapter, Option

__all__ = ["adapter"]

_HERE = Path(__file__).parent

adapter = Adapter(
    scheme="pipeline",
    runner=_HERE / "runner.py",
    shares=(_HERE.parent / "parity_transformers",),
    framework=("torch", "transformers"),
    examples={"pipeline:./model": "a folder, by the library's own pipeline()"},
    options=(
        Option(
            "task", "text", "the pipeline's task, such as summarization; by default what config.json names"
        ),
        Option("batch_size", "count", "rows at a time; the library's own default, 1, otherwise"),
        Option("device", "text", "as pipeline() takes it; its own choice by default"),
        Option(
            "dtype",
            "choice",
            "as pipeline() takes it; its own choice by default",
            ("auto", "float32", "float64", "float16", "bfloat16"),
        ),
        Option("truncation", "flag", "whether longer texts are truncated; each pipeline's own default"),
        Option("top_k", "count", "how many tokens a mask is filled with; 5 by default"),
        Option(
            "function_to_apply",
            "choice",
            "what makes scores of logits, in text-classification",
            ("softmax", "sigmoid", "none"),
        ),
        Option(
            "aggregation_strategy",
            "choice",
            "how pieces become entities; none by default",
            ("none", "simple", "first", "average", "max"),
        ),
        Option("max_answer_len", "count", "the most tokens of an answer; 15 by default"),
        Option("align_to_words", "flag", "whether an answer is widened to whole words; true by default"),
        Option(
            "candidate_labels",
            "text",
            "the classes of zero-shot-classification: a,b,c; without them each row is a text and its hypothesis",
        ),
        Option(
            "hypothesis_template",
            "text",
            "how a hypothesis is made of a label; `This example is {}.` by default",
        ),
        Option("multi_label", "flag", "whether each candidate label is decided by itself; false by default"),
        Option("generation.*", "text", "an argument of generation, such as generation.num_beams=1"),
    ),
)
