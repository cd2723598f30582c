"""Inputs as a caller gives them: a file, a spec of a file, or a list of texts or dicts, which is read as strictly as a file.

A list is written as JSON lines to a folder of its own, so that each of its rows goes through the checks that a file's rows go
through, and so that every run of a seed audit, in whichever process, reads the same ones. The record says where they came from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from os import PathLike, fspath
from pathlib import Path
from typing import Any, cast

from parity.errors import EmptyInputs, InputsError, MalformedLine
from parity.inputs.spec import InputsSpec

__all__ = ["Given", "given_inputs"]

Given = str | PathLike[str] | InputsSpec | Sequence[str] | Sequence[Mapping[str, object]] | None
"""A file, a file with its columns, texts, rows by column, or None: the built-in probes, or what an artifact brings along."""

_SOURCE = "a list given from Python"


def given_inputs(inputs: Given, folder: Path) -> InputsSpec:
    """Which inputs these are; a list is written under `folder`. Raises InputsError for anything else."""
    if inputs is None:
        return InputsSpec()
    if isinstance(inputs, InputsSpec):
        return inputs
    if isinstance(inputs, str | PathLike):
        return InputsSpec(fspath(inputs))
    if not isinstance(inputs, list | tuple):
        raise InputsError(
            f"Inputs cannot be {_article(type(inputs).__name__)}.",
            next_step="Give a path, or a list of texts or of dicts: list(dataset), frame.to_dict('records').",
        )
    if not inputs:
        raise EmptyInputs("The list of inputs is empty.", next_step="Give at least one text.")
    path = folder / "given.jsonl"
    with path.open("w", encoding="ascii") as file:
        for number, row in enumerate(_rows(inputs), 1):
            file.write(_line(number, row) + "\n")
    return InputsSpec(str(path), source=_SOURCE)


def _rows(inputs: Sequence[object]) -> list[Mapping[str, object]]:
    texts = isinstance(inputs[0], str)
    first = "a text" if texts else "a dict"
    rows: list[Mapping[str, object]] = []
    for number, item in enumerate(inputs, 1):
        kind = _article(type(item).__name__)
        if texts and isinstance(item, str):
            rows.append({"text": item})
        elif isinstance(item, Mapping) and not texts:
            rows.append(cast("Mapping[str, object]", item))
        else:
            beside = "" if number == 1 else f" and the first is {first}"
            raise _refuse(number, f"it is {kind}{beside}", "Give texts only, or dicts only.")
    return rows


def _line(number: int, row: Mapping[str, object]) -> str:
    for column in row:
        if not isinstance(cast("object", column), str):
            raise _refuse(number, f"{column!r} is not the name of a column", "Name columns by strings.")
    return json.dumps(
        {column: _cell(value) for column, value in row.items()}, default=_no_value, skipkeys=True
    )


def _cell(value: Any) -> Any:
    """A value as a line of JSON holds it: numpy's numbers are numbers, and its texts texts."""
    if value is True or value is False:
        return value
    if isinstance(value, Integral):
        return int(value)
    return float(value) if isinstance(value, Real) else value


def _no_value(value: object) -> dict[str, str]:
    """A value that is neither a text nor a number: refused in a column that is read, and ignored in any other."""
    return {"type": type(value).__name__}


def _refuse(number: int, what: str, next_step: str) -> MalformedLine:
    return MalformedLine(f"Item {number} of the list of inputs: {what}.", next_step=next_step)


def _article(name: str) -> str:
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
