"""Questioning AllenNLP subjects through a real runner, in the managed environment where it is built already."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from parity.border.description import Description
from parity.border.runner import Runner
from parity.environments import managed
from parity.environments.resolve import Managed
from parity.inputs.example import Encoding, Example
from parity.subjects.subject import parse_subject
from parity_allennlp import adapter

__all__ = ["MATERIALS", "Answer", "ask", "asked", "interpreter", "started", "train_archives"]

MATERIALS = Path(__file__).resolve().parents[3] / "shared" / "materials"
Text = str | tuple[str, str]


class Answer(NamedTuple):
    """What a subject said: of itself, of each text's tokens, and at each stage of each batch (copied out of the slot)."""

    description: Description
    encodings: tuple[Encoding | None, ...]
    batches: list[dict[str, np.ndarray[Any, np.dtype[Any]]]]
    float64: list[str | None]

    @property
    def stages(self) -> dict[str, np.ndarray[Any, np.dtype[Any]]]:
        """The stages of the only batch."""
        (only,) = self.batches
        return only

    @property
    def encoding(self) -> Encoding:
        """The tokens of the first text."""
        first = self.encodings[0]
        assert first is not None
        return first


def interpreter() -> Path:
    """The interpreter with AllenNLP: `PARITY_TEST_ALLENNLP`, or the managed one if it is there; skips otherwise."""
    named = os.environ.get("PARITY_TEST_ALLENNLP")
    assert isinstance(adapter.environment, Managed)
    found = Path(named) if named else managed.interpreter(adapter.environment)
    if not found.is_file():
        pytest.skip("the managed AllenNLP environment is not built: parity env build allennlp-2.10.1")
    return found


def train_archives(folder: Path, script: str = "allennlp_archives.py") -> Path:
    """Every archive of a script, made in `folder`; skips without the vocabulary they start from."""
    vocabulary = MATERIALS / "bert-xsmall-dummy" / "vocab.txt"
    if not vocabulary.is_file():
        pytest.skip(f"{vocabulary} is not here")
    done = subprocess.run(
        [str(interpreter()), str(Path(__file__).with_name(script)), str(vocabulary), str(folder)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def started(spec: str) -> Runner:
    """A runner of `allennlp:…`, in that interpreter."""
    return Runner.start(parse_subject(spec), adapter, interpreter=interpreter(), threads=1, timeout=120)


@cache
def asked(spec: str, *texts: Text) -> Answer:
    """The same as `ask`, once for all tests that ask it."""
    return ask(spec, texts)


def ask(
    spec: str,
    texts: Sequence[Text],
    *,
    inputs: dict[str, Any] | None = None,
    stages: Sequence[str] | None = None,
    precision: str | None = None,
) -> Answer:
    """Everything a subject says about these texts in one batch (one batch a text, where it takes no more)."""
    examples = [
        Example(row, text) if isinstance(text, str) else Example(row, *text) for row, text in enumerate(texts)
    ]
    with started(spec) as runner:
        description = runner.describe()
        tokenized = runner.tokenize(examples)
        encodings = tokenized.wait()
        rows = [example.row for example in examples]
        groups = [[row] for row in rows] if description.max_rows == 1 else [rows]
        batches: list[dict[str, np.ndarray[Any, np.dtype[Any]]]] = []
        float64: list[str | None] = []
        for group in groups:
            own = {"rows": group, "window": tokenized.window}
            asked: dict[str, Any] = own if inputs is None else {"inputs": inputs}
            batch = runner.forward(**asked, stages=stages, precision=precision).wait()
            batches.append({name: stage.values.copy() for name, stage in batch.stages.items()})
            float64.append(batch.float64)
    return Answer(description, encodings, batches, float64)
