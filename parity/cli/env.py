"""`parity env`: the environments that parity builds and keeps, listed, built and removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup
from typer.main import get_group

from parity.cli.commands import Command, Commands
from parity.cli.exit import listened_to
from parity.errors import UsageError

if TYPE_CHECKING:
    from parity.environments.resolve import Managed

__all__ = ["command"]

_Name = Annotated[str, typer.Argument(metavar="NAME", hidden=True)]
_app = typer.Typer(cls=Commands, rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


@_app.callback(invoke_without_command=True)
def _env(context: typer.Context) -> None:
    """The environments that parity builds and keeps."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(UsageError.exit_code)


@_app.command("list", cls=Command)
def _list() -> int:
    """Which there are, whether they are built, how large, and where."""
    from parity.environments.managed import listing

    with listened_to():
        for item in listing(_declared().values()):
            size = "" if item.size is None else f"{item.size / 1e9:.1f} GB"
            old = "" if item.current else " (no longer used)"
            typer.echo(f"{item.name:24} {item.state + old:12} {size:>8}  {item.path}")
    return 0


@_app.command("build", cls=Command)
def _build(
    name: _Name,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print only the interpreter's path.")] = False,
) -> int:
    """Build an environment unless it is there; print its Python."""
    from parity.environments.managed import ensure

    interpreter = ensure(_managed(name), on_line=lambda what: None if quiet else typer.echo(what, err=True))
    typer.echo(str(interpreter))
    return 0


@_app.command("remove", cls=Command)
def _remove(name: _Name) -> int:
    """Remove an environment from the disk."""
    from parity.environments.managed import listing, remove

    folders = [item.path for item in listing(_declared().values()) if item.name == name]
    if not folders:
        _managed(name)
    removed = [remove(folder, on_line=lambda what: typer.echo(what, err=True)) for folder in folders]
    typer.echo(f"Removed {name}." if any(removed) else f"{name} is not built.")
    return 0


@_app.command("path", cls=Command)
def _path(name: _Name) -> int:
    """Where an environment is, or would be."""
    from parity.environments.managed import path

    typer.echo(str(path(_managed(name))))
    return 0


def command() -> TyperGroup:
    """The group of these commands."""
    return get_group(_app)


def _declared() -> dict[str, Managed]:
    """The environments that the installed adapters declare, by name."""
    from parity.environments.resolve import Managed
    from parity.subjects.adapter import adapters

    found = [adapter.environment for adapter in adapters().values()]
    return {item.name: item for item in found if isinstance(item, Managed)}


def _managed(name: str) -> Managed:
    from parity.errors import EnvironmentNotBuilt

    declared = _declared()
    if name not in declared:
        raise EnvironmentNotBuilt(
            f"No adapter has an environment called {name!r}.",
            next_step=f"There are: {', '.join(declared) or 'none'}.",
        )
    return declared[name]
