"""A tree and the environment that runs it: a light venv that finds this tree's packages and entry points, and no other's.

The packages of third parties come from the interpreter that runs this. What is installed there of parity itself (an editable
install names one tree, with the entry points of the day it was installed) is hidden by metadata of the same name, made from the
tree's own `pyproject.toml`. A venv and not PYTHONPATH: runners drop every variable whose name begins with PYTHON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Tree", "TreeError"]

# What must come from the tree: the package, and every entry point whose group begins with its name.
PROBE = """\
import importlib, json
from importlib import metadata
import parity
known = metadata.entry_points()
points = [point for group in known.groups if group.startswith("parity.") for point in known.select(group=group)]
names = [f"{point.group} {point.name}" for point in points]
files = {name: importlib.import_module(point.module).__file__ for name, point in zip(names, points)}
for point in points:
    point.load()
print(json.dumps({"parity": parity.__file__, "files": files, "names": names}))
"""


class TreeError(Exception):
    """A tree that cannot be run, or another tree's code where it should be."""


class Tree(NamedTuple):
    """A source tree with the interpreter that runs it."""

    root: Path
    python: Path

    @classmethod
    def prepare(cls, root: Path, folder: Path) -> Tree:
        """Make the environment under `folder`, and verify that it runs this tree; raises TreeError."""
        command = [sys.executable, "-m", "venv", "--without-pip", str(folder)]
        subprocess.run(command, check=True, capture_output=True)
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        site = folder / "lib" / version / "site-packages"
        project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
        _write_metadata(site, project["project"])
        build = project["tool"]["hatch"]["build"]
        sources = [str((root / part).resolve()) for part in build["dev-mode-dirs"]]
        third = [place for place in sys.path if Path(place).name in {"site-packages", "dist-packages"}]
        (site / "lock.pth").write_text("\n".join([*sources, *third]) + "\n", "utf-8")
        tree = cls(root.resolve(), folder / "bin" / "python")
        tree.verify(folder)
        return tree

    def verify(self, cwd: Path) -> None:
        """Raise TreeError unless `parity` and every entry point come from this tree, each once."""
        done = subprocess.run(
            [str(self.python), "-c", PROBE], cwd=cwd, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise TreeError(f"The tree {self.root} does not run:\n{done.stderr}")
        found = json.loads(done.stdout)
        files: dict[str, str] = {"parity": found["parity"], **found["files"]}
        strange = {name: file for name, file in files.items() if not Path(file).is_relative_to(self.root)}
        if strange:
            raise TreeError(f"From another tree than {self.root}: {strange}")
        names: list[str] = found["names"]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice or "parity.adapters hf" not in names:
            raise TreeError(f"Entry points of {self.root}: registered twice: {twice}; all: {names}")


def _write_metadata(site: Path, project: dict[str, Any]) -> None:
    """The metadata of an installation of this tree; the first of one name on the path hides the others."""
    name, version = str(project["name"]), str(project["version"])
    folder = site / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir()
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    (folder / "METADATA").write_text("\n".join(lines) + "\n", "utf-8")
    groups: dict[str, dict[str, str]] = {
        "console_scripts": project.get("scripts", {}),
        **project.get("entry-points", {}),
    }
    text = "".join(
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items()) + "\n"
        for group, points in groups.items()
    )
    (folder / "entry_points.txt").write_text(text, "utf-8")
