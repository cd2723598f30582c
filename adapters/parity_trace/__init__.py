"""Subjects that are only replayed: `trace:` a recording of parity, `outputs:` a file of logits of any system."""

from __future__ import annotations

import json
from pathlib import Path

from parity.subjects.adapter import Adapter, Option
from parity.subjects.subject import Subject

__all__ = ["outputs", "trace"]

_HERE = Path(__file__).parent
_TEMPERATURE = Option("temperature", "positive", "Divide the logits by this before the softmax.")


def _traced_inputs(subject: Subject, workdir: Path) -> Path:
    """The examples a trace was recorded on; TraceError where the trace is incomplete."""
    from parity.errors import TraceError
    from parity_trace import trace_folder
    from parity_trace.trace_forms import Damaged

    try:
        manifest = trace_folder.read_manifest(subject.locator, contents=False)
        count = manifest["inputs"]["count"]
        trace_folder.Lines(subject.locator, "inputs.jsonl", count, trace_folder.check_example).read(
            range(count)
        )
    except Damaged as error:
        raise TraceError(f"{subject.locator} {error.reason}.", next_step=error.next_step) from None
    return Path(subject.locator) / "inputs.jsonl"


def _outputs_inputs(subject: Subject, workdir: Path) -> Path:
    """The rows of an outputs file as inputs: texts, ids and labels where it has them, in a file under `workdir`."""
    from parity.errors import SubjectError
    from parity_trace.outputs_file import read_outputs
    from parity_trace.outputs_raw import Unreadable

    try:
        rows = read_outputs(subject.locator, dict(subject.options))
    except Unreadable as error:
        raise SubjectError(error.sentence, next_step=error.next_step) from None
    path = workdir / "inputs.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for row in range(len(rows.logits)):
            parts = {
                "text": "" if rows.texts is None else rows.texts[row],
                "pair": None if rows.pairs is None else rows.pairs[row],
                "label": None if rows.labels is None else rows.labels[row],
                "id": None if rows.ids is None else rows.ids[row],
            }
            file.write(json.dumps(parts) + "\n")
    return path


trace = Adapter(
    scheme="trace",
    runner=_HERE / "trace_runner.py",
    options=(_TEMPERATURE,),
    framework=("safetensors", "numpy"),
    own_inputs=_traced_inputs,
    examples={"trace:x.trace": "a recording that parity record wrote"},
)

outputs = Adapter(
    scheme="outputs",
    runner=_HERE / "outputs_runner.py",
    options=(
        _TEMPERATURE,
        Option(
            "classes",
            "text",
            "The classes' names in the order of the logits, or the columns of a table: a,b,c.",
        ),
        Option("logits", "text", "The column (or array) with the scores; `logits` by default."),
        Option(
            "values",
            "choice",
            "What the scores are; by default this is inferred from all rows.",
            ("logits", "probabilities", "log_probabilities"),
        ),
        Option(
            "activation",
            "choice",
            "What makes probabilities of the logits: softmax (one class per example, the default) or sigmoid (each class separately).",
            ("softmax", "sigmoid"),
        ),
        Option(
            "match",
            "choice",
            "How the rows of inputs are found: by id (the default where the file has ids) or by order.",
            ("id", "order"),
        ),
    ),
    framework=("numpy",),
    own_inputs=_outputs_inputs,
    examples={"outputs:theirs.npz": "the outputs of another system"},
)
