"""The options that several commands share, and what their values may be: checked before anything is imported or run."""

from __future__ import annotations

import difflib
import math
import shlex
from collections.abc import Callable
from typing import Any, TypeVar

import click

from parity.errors import UsageError

__all__ = [
    "Commands",
    "at_least",
    "inputs_options",
    "inputs_said",
    "positive",
    "running_options",
    "temperature",
]

_COLDEST = 1e-6  # as of a subject's own temperature (parity/subjects/adapter.py, kind "positive")
_HOTTEST = 1e6
_Command = TypeVar("_Command", bound=Callable[..., Any])


def positive(value: Any) -> float:
    """A number above 0, neither infinite nor NaN; raises click's BadParameter with the value."""
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise click.BadParameter(f"{str(value)!r} is not a number above 0.")
    return number


def temperature(value: Any) -> float:
    """A number that logits may be divided by and still be told apart; raises click's BadParameter with the value."""
    number = positive(value)
    if not _COLDEST <= number <= _HOTTEST:
        raise click.BadParameter(
            f"{str(value)!r} is no temperature between {_COLDEST:g} and {_HOTTEST:,.0f}."
        )
    return number


def at_least(least: int) -> Callable[[Any], int]:
    """The type of a whole number of `least` or more; it raises click's BadParameter with the value."""

    def whole(value: Any) -> int:
        try:
            number = int(value)
        except ValueError:
            number = least - 1
        if number < least:
            raise click.BadParameter(f"{str(value)!r} is not a whole number of {least} or more.")
        return number

    return whole


class Commands(click.Group):
    """A group of commands that names the nearest one where there is none of a name."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's; raises UsageError where there is no such command."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            known = self.list_commands(ctx)
            near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
            asked = f"Did you mean {near[0]}? " if near else ""
            if ":" in name and ctx.parent is None:
                asked = f"Did you mean {shlex.join(['parity', 'compare', *args])}? "
            raise UsageError(
                f"{ctx.command_path} has no command {name!r}.",
                next_step=f"{asked}The commands are: {', '.join(known)}.",
            )
        return super().resolve_command(ctx, args)


def inputs_options(command: _Command) -> _Command:
    """The options that say what the subjects are asked with: the built-in probes, where no file is named."""
    return inputs_said(
        command, "Texts: .txt .jsonl .csv .tsv .parquet, or - for stdin.  [default: built-in probe texts]"
    )


def inputs_said(command: _Command, texts: str) -> _Command:
    """The same with other words for which files there may be, and what is asked without one."""
    return _with(
        command,
        click.option(
            "--inputs",
            "path",
            metavar="FILE",
            help=texts,
        ),
        click.option("--text-column", metavar="NAME", help="Column of the text.  [default: its usual names]"),
        click.option("--pair-column", metavar="NAME", help="Column of the second text."),
        click.option("--label-column", metavar="NAME", help="Column of the label."),
        click.option("--id-column", metavar="NAME", help="Column of the id."),
        click.option("--limit", type=at_least(1), metavar="N", help="Only the first N examples."),
        click.option(
            "--encoding", default="utf-8", show_default=True, metavar="NAME", help="Encoding of the file."
        ),
    )


def running_options(command: _Command) -> _Command:
    """The options that say how to run."""
    return _with(
        command,
        click.option(
            "--timeout",
            type=positive,
            metavar="SECONDS",
            default=600.0,
            show_default=True,
            help="How long a model's process may be silent.",
        ),
        click.option("--quiet", is_flag=True, help="No progress; the result in one line."),
    )


def _with(command: _Command, *options: Callable[[_Command], _Command]) -> _Command:
    for option in reversed(options):
        command = option(command)
    return command
