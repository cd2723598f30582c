"""The options that several commands share, and what their values may be: checked before anything is imported or run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

import typer

from parity.api.values import one_of as known
from parity.api.values import positive as check_positive
from parity.api.values import temperature as check_temperature
from parity.api.values import whole

__all__ = [
    "AllowInconclusiveOption",
    "EncodingOption",
    "IdColumnOption",
    "InputsOption",
    "JsonOption",
    "LabelColumnOption",
    "LimitOption",
    "OutOption",
    "PairColumnOption",
    "QuietOption",
    "SubjectArgument",
    "TargetColumnOption",
    "TemperaturesOption",
    "TextColumnOption",
    "TimeoutOption",
    "at_least",
    "one_of",
    "positive",
    "subjects_help",
    "temperature",
]

_Value = TypeVar("_Value")
_HOW_SUBJECTS_ARE_WRITTEN = """\b
A subject is scheme:locator@interpreter?option=value&option=value, in quotes:"""


def subjects_help() -> str:
    """The end of the help of a command that takes subjects: how one is written, with the examples of the adapters."""
    from parity.subjects.adapter import examples

    shown = examples()
    wide = max((len(subject) for subject in shown), default=0)
    lines = [f"  {subject:{wide}}  {what}" for subject, what in shown.items()]
    return "\n".join([_HOW_SUBJECTS_ARE_WRITTEN, *lines])


def _parser(check: Callable[[object], _Value]) -> Callable[[str], _Value]:
    """The check as a typer parser: its ValueError becomes typer's BadParameter, which names the option."""

    def parse(value: str) -> _Value:
        try:
            return check(value)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None

    return parse


positive = _parser(check_positive)
temperature = _parser(check_temperature)


def at_least(least: int) -> Callable[[str], int]:
    """The parser of a whole number of `least` or more."""
    return _parser(whole(least))


def one_of(words: Sequence[str]) -> Callable[[str], str]:
    """The parser of one of these words."""

    return _parser(known(*words))


SubjectArgument = Annotated[str, typer.Argument(metavar="SUBJECT", hidden=True)]
InputsOption = Annotated[
    str | None,
    typer.Option(
        "--inputs",
        metavar="FILE",
        help="Texts or words: .txt .jsonl .csv .tsv .parquet .conll, or - for stdin.  [default: built-in probe texts]",
    ),
]
TextColumnOption = Annotated[
    str | None,
    typer.Option("--text-column", metavar="NAME", help="Column of the text.  [default: its usual names]"),
]
PairColumnOption = Annotated[
    str | None, typer.Option("--pair-column", metavar="NAME", help="Column of the second text.")
]
LabelColumnOption = Annotated[
    str | None, typer.Option("--label-column", metavar="NAME", help="Column of the label.")
]
IdColumnOption = Annotated[str | None, typer.Option("--id-column", metavar="NAME", help="Column of the id.")]
TargetColumnOption = Annotated[
    str | None,
    typer.Option("--target-column", metavar="NAME", help="Column of what a decoder is given to predict."),
]
LimitOption = Annotated[
    int | None,
    typer.Option("--limit", metavar="N", parser=at_least(1), help="Use only the first N examples."),
]
EncodingOption = Annotated[str, typer.Option("--encoding", metavar="NAME", help="Encoding of the inputs.")]
TemperaturesOption = Annotated[
    list[float] | None,
    typer.Option(
        "--temperature",
        metavar="T",
        parser=temperature,
        help="A temperature to compare probabilities at; may be given several times.  [default: 1.0]",
    ),
]
AllowInconclusiveOption = Annotated[
    bool, typer.Option("--allow-inconclusive", help="Exit with 0 where the verdict is inconclusive.")
]
OutOption = Annotated[str, typer.Option("--out", metavar="FOLDER", help="Folder of the audit.")]
TimeoutOption = Annotated[
    float,
    typer.Option(
        "--timeout", metavar="SECONDS", parser=positive, help="End a model's process after so long a silence."
    ),
]
QuietOption = Annotated[bool, typer.Option("--quiet", help="Print the result in one line, and no progress.")]
JsonOption = Annotated[
    bool,
    typer.Option("--json", help="Print the record on standard output, everything else on standard error."),
]
