"""`parity env`: the environments that parity builds and keeps, listed, built and removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from parity.cli.exit import listened_to
from parity.cli.options import Commands

if TYPE_CHECKING:
    from parity.environments.resolve import Managed

__all__ = ["env"]


@click.group(cls=Commands)
def env() -> None:
    """The environments that parity builds and keeps."""


@env.command("list")
def env_list() -> int:
    """Which there are, whether they are built, how large, and where."""
    from parity.environments.managed import listing

    with listened_to():
        for item in listing(_declared().values()):
            size = "" if item.size is None else f"{item.size / 1e9:.1f} GB"
            old = "" if item.current else " (no longer asked for)"
            click.echo(f"{item.name:24} {item.state + old:12} {size:>8}  {item.path}")
    return 0


@env.command("build")
@click.argument("name")
@click.option("--quiet", is_flag=True, help="Say nothing but the interpreter's path.")
def env_build(name: str, quiet: bool) -> int:
    """Build an environment unless it is there; print its Python."""
    from parity.environments.managed import ensure

    interpreter = ensure(_managed(name), on_line=lambda what: None if quiet else click.echo(what, err=True))
    click.echo(str(interpreter))
    return 0


@env.command("remove")
@click.argument("name")
def env_remove(name: str) -> int:
    """Remove an environment from the disk."""
    from parity.environments.managed import listing, remove

    folders = [item.path for item in listing(_declared().values()) if item.name == name]
    if not folders:
        _managed(name)
    removed = [remove(folder, on_line=lambda what: click.echo(what, err=True)) for folder in folders]
    click.echo(f"Removed {name}." if any(removed) else f"{name} is not built.")
    return 0


@env.command("path")
@click.argument("name")
def env_path(name: str) -> int:
    """Where an environment is, or would be."""
    from parity.environments.managed import path

    click.echo(str(path(_managed(name))))
    return 0


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
