"""Interpreters with other versions of Transformers: where they are found, and how they are built.

    python tests/real/environments.py      builds those that are not there (about 6 GB), as `make versions` does

An environment variable (`PARITY_TEST_HF412=/path/to/python`) names one of the machine's own instead.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from parity.environments import managed
from parity.environments.interpreters import find_interpreter
from parity.environments.resolve import Managed

__all__ = ["OTHERS", "Version", "interpreter_of"]

_PINS = Path(__file__).parent / "pins"
_COMPLETE = "complete"


class Version(NamedTuple):
    """A version of Transformers with the Python it runs on; the pins are the whole environment.

    `dependencies` says that the installer may add what the pins' packages ask for: torch 2 comes with or without the
    libraries of a GPU, as the machine's index has it, and only pip with its own resolver takes what is there.
    """

    transformers: str
    python: str
    variable: str
    dependencies: bool = False

    @property
    def managed(self) -> Managed:
        """The environment as parity builds and keeps one."""
        return Managed(
            name=f"transformers-{self.transformers}",
            python=self.python,
            requirements=_PINS / f"transformers-{self.transformers}.txt",
            cost="about 2 GB on disk",
        )


OTHERS = {
    version.transformers: version
    for version in (
        Version("4.12.5", "3.8", "PARITY_TEST_HF412"),
        Version("4.20.1", "3.10", "PARITY_TEST_HF420"),
        Version("4.57.6", "3.11", "PARITY_TEST_HF457", dependencies=True),
    )
}


def interpreter_of(version: Version) -> Path | None:
    """The interpreter that has this version: the one named, else the one built; None where there is neither."""
    named = os.environ.get(version.variable)
    if named:
        return Path(named)
    if version.dependencies:
        built = (managed.path(version.managed) / _COMPLETE).is_file()
    else:
        built = any(item.current and item.state == "ready" for item in managed.listing([version.managed]))
    return managed.interpreter(version.managed) if built else None


def _build(version: Version) -> None:
    if not version.dependencies:
        managed.ensure(version.managed, on_line=print)
        return
    folder = managed.path(version.managed)
    print(f"Building {folder} with pip.")
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([find_interpreter(version.python).executable, "-m", "venv", folder], check=True)
    inside = managed.interpreter(version.managed)
    subprocess.run(
        [
            inside,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-r",
            version.managed.requirements,
        ],
        check=True,
    )
    (folder / _COMPLETE).touch()


if __name__ == "__main__":
    for wanted in OTHERS.values():
        if interpreter_of(wanted) is None:
            _build(wanted)
        print(f"transformers {wanted.transformers}: {interpreter_of(wanted)}", flush=True)
    sys.exit(0)
