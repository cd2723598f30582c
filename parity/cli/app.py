"""The command line: parse, call, print, exit. It decides nothing, and calls only the public names of `parity`.

Exit codes: 0 parity or equivalent; 1 divergent, inconclusive, or something was not comparable; 2 the input was wrong; 3 a run
failed.
"""

from __future__ import annotations

import sys
from typing import Annotated, ClassVar, cast

import typer
from typer.main import get_command

from parity.cli import exit as ending
from parity.cli.commands import LazyCommands
from parity.cli.out_folder import OutFolder
from parity.errors import UsageError

__all__ = ["main", "parity"]

_EXIT_CODES = """\b
Exit code: 0 parity or equivalent; 1 divergent, inconclusive, or something was not comparable;
2 the command or its input is wrong; 3 a run failed.
"""


class _Root(LazyCommands):
    modules: ClassVar = {
        "align": ("parity.cli.align", "Write which stage, module and parameter of two subjects is which."),
        "compare": ("parity.cli.compare", "Compare two subjects: REFERENCE against CANDIDATE."),
        "env": ("parity.cli.env", "The environments that parity builds and keeps."),
        "inspect": ("parity.cli.inspect", "Open SUBJECT and show how it describes itself."),
        "record": ("parity.cli.record", "Record what SUBJECT computes as a trace, to compare with later."),
        "report": ("parity.cli.report", "Render an AUDIT's reports again; nothing is run."),
        "seeds": ("parity.cli.seeds", "Is it the model, or the seed? Judge many runs."),
    }


_app = typer.Typer(
    cls=_Root,
    epilog=_EXIT_CODES,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"parity, version {version('parity-audit')}")
        raise typer.Exit


@_app.callback(invoke_without_command=True)
def _parity(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Do two runs of "the same" model give the same results? If not: where do they first differ, why, by how much, does it matter?"""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(UsageError.exit_code)


parity = cast("LazyCommands", get_command(_app))
"""The command line without what `main` does around it."""


def main() -> None:
    """The entry point: every error becomes a sentence and its exit code."""
    out = OutFolder(parity, sys.argv[1:])
    ending.run(lambda: _command(out), out.fail)


def _command(out: OutFolder) -> object:
    for argument in sys.argv[1:]:
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise UsageError(
                f"The argument {argument!r} is not text: it holds bytes that are not UTF-8.",
                next_step="Give the file another name.",
            ) from None
    return parity.main(prog_name="parity", standalone_mode=False, obj=out)
