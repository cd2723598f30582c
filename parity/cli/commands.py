"""The commands as typer has them, with what parity adds: a module is imported when its command is used, and a misspelt name gets a suggestion."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from parity.errors import UsageError

__all__ = ["Command", "Commands", "LazyCommands", "single"]


class Command(TyperCommand):
    """A command whose usage names its arguments without braces.

    `closing` makes the end of its help, when that is shown: it may take time.
    """

    closing: Callable[[], str] | None = None

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """As typer's: `REFERENCE` where that has `{REFERENCE}`."""
        return [piece.replace("{", "").replace("}", "") for piece in super().collect_usage_pieces(ctx)]

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """As typer's, with what `closing` makes."""
        if self.closing is not None:
            self.epilog = self.closing()
        super().format_epilog(ctx, formatter)


class Commands(TyperGroup):
    """A group of commands, sorted, that names the nearest one where there is none of a name."""

    def get_params(self, ctx: Any) -> Any:
        """As typer's; a flag that is not there is False: a None would be read by pydantic, whose import takes 0.15 s."""
        found = super().get_params(ctx)
        for item in found:
            if getattr(item, "is_flag", False) and item.default is None:
                item.default = False
        return found

    def list_commands(self, ctx: Any) -> list[str]:
        """The names."""
        return sorted(self.commands)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As typer's; raises UsageError where there is no such command."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            known = self.list_commands(ctx)
            near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
            step = f"Did you mean {near[0]}? " if near else ""
            if ":" in name and ctx.parent is None:
                step = f"Did you mean {shlex.join(['parity', 'compare', *args])}? "
            raise UsageError(
                f"{ctx.command_path} has no command {name!r}.",
                next_step=f"{step}The commands are: {', '.join(known)}.",
            )
        return super().resolve_command(ctx, args)


class LazyCommands(Commands):
    """Commands that are imported when they are used: `parity --help` shows the names and their sentences without that.

    `modules` has each command's module, whose `command` makes it, and its sentence, which its own help begins with.
    """

    modules: ClassVar[Mapping[str, tuple[str, str]]] = {}

    def list_commands(self, ctx: Any) -> list[str]:
        """The names, sorted."""
        return sorted(self.modules)

    def named(self, name: str) -> Any:
        """The command of that name; None where there is none."""
        if name not in self.modules:
            return None
        if name not in self.commands:
            made = import_module(self.modules[name][0]).command()
            made.name = name
            self.commands[name] = made
        return self.commands[name]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name; None where there is none."""
        return self.named(cmd_name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The names with their sentences."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.modules[name][1]) for name in self.list_commands(ctx)])


def single(*, closing: Callable[[], str] | None = None) -> Callable[[Callable[..., int]], Callable[[], Any]]:
    """Decorates a function whose parameters are a command's arguments and options, and its docstring the command's help.

    `closing` makes the end of that help. The result makes the command.
    """

    def decorate(function: Callable[..., int]) -> Callable[[], Any]:
        def make() -> Any:
            app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)
            app.command(cls=Command)(function)
            made = get_command(app)
            if isinstance(made, Command):
                made.closing = closing
            return made

        return make

    return decorate
