"""An environment: the interpreter that has a subject's framework: this one, a managed one, or one that the user names.

An adapter declares which of the first two it needs, unless the user names one with `@`. Nothing is started here to see
whether an interpreter works: starting is expensive, and the runner itself will find out.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from parity.errors import InterpreterNotFound

__all__ = ["Environment", "Managed", "ThisInterpreter", "interpreter_for"]


@dataclass(frozen=True)
class ThisInterpreter:
    """The interpreter parity itself runs in; the adapter's framework is expected beside it.

    >>> ThisInterpreter()
    ThisInterpreter()
    """


@dataclass(frozen=True)
class Managed:
    """An environment that parity builds and keeps: its name, the Python it needs, and its pins.

    `requirements` is a file of pinned requirements without registry addresses; `cost` says before the build what it
    will take, in the user's words (`about 1.4 GB on disk, a few minutes`).

    >>> Managed("old-torch", python="3.10", requirements=Path("requirements.txt")).name
    'old-torch'
    """

    name: str
    python: str
    requirements: Path
    cost: str = "of a size not known beforehand"


Environment = ThisInterpreter | Managed


def interpreter_for(
    named: str | None, environment: Environment, on_line: Callable[[str], None] = lambda _: None
) -> Path:
    """The interpreter to run a subject in: what its `@` names, else the environment that its adapter declares.

    `@` takes a Python executable, the folder of a virtual environment, or a name to look up on PATH (`python3.10`).
    A managed environment that does not exist yet is built here, and each line of output is reported. Raises InterpreterNotFound, or what building raises.
    """
    if named is not None:
        return _named(named)
    if isinstance(environment, Managed):
        from parity.environments.managed import ensure

        return ensure(environment, on_line=on_line)
    return Path(sys.executable)


def _named(name: str) -> Path:
    # Absolute, never resolved: the link bin/python of a virtual environment is what makes it one.
    bare = "/" not in name and not name.startswith("~")
    on_path = shutil.which(name) if bare else None
    place = Path(on_path or name).expanduser().absolute()
    if place.is_file():
        return place
    if not place.exists():
        looked = f"is not on PATH, and there is no {place}" if bare else "does not exist"
        raise InterpreterNotFound(
            f"The interpreter {name!r} {looked}.",
            next_step="Write the path of a Python executable or of a virtual environment's folder after the @.",
        )
    for inside in ("bin/python", "bin/python3"):
        if (place / inside).is_file():
            return place / inside
    broken = (place / "bin/python").is_symlink()
    raise InterpreterNotFound(
        f"The folder {name!r} is a virtual environment without a working bin/python: its Python was removed."
        if broken
        else f"The folder {name!r} is not a virtual environment: it has no bin/python.",
        next_step="Make it again with: python -m venv --clear FOLDER"
        if broken
        else "Name a Python executable after the @, or the folder that holds bin/python.",
    )
