"""A tree: the product's Python files and templates, read and parsed once."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

__all__ = ["API", "Module", "Tree", "identifiers"]

API = "parity"  # parity/__init__.py: the public names
_BASES = (
    ("parity", "."),
    ("adapters", "adapters"),
    ("reports", "reports"),
)  # source root, what names are relative to
_OTHER_ROOTS = ("benchmarks", "fixtures", "proof", "tools")


def identifiers(text: str) -> set[str]:
    """Every identifier in a text, as `parity.pair_audit.run:compare` names four."""
    return set(re.findall(r"[^\W\d]\w*", text))


@dataclass(frozen=True)
class Module:
    """One Python file: its import name, its place in the tree, and its syntax."""

    name: str  # "parity.align.tokens"
    path: str  # "parity/align/tokens.py"
    source_root: str  # "parity", "adapters" or "reports"
    text: str
    syntax: ast.Module = field(repr=False)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the syntax."""
        return tuple(ast.walk(self.syntax))

    @cached_property
    def docstrings(self) -> frozenset[int]:
        """The ids of the nodes that are docstrings."""
        found: set[int] = set()
        for node in self.nodes:
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                match node.body:
                    case [ast.Expr(value=ast.Constant(value=str()) as docstring), *_]:
                        found.add(id(docstring))
                    case _:
                        pass
        return frozenset(found)

    @property
    def is_folder(self) -> bool:
        """Whether this is the `__init__.py` of a folder."""
        return self.path.endswith("/__init__.py")

    @property
    def package(self) -> str:
        """The package in the sense of the layout: `align`, `parity_trace`, or `parity` for the public names."""
        parts = self.name.split(".")
        if self.name == "parity.__main__":
            return "cli"
        return parts[1] if parts[0] == "parity" and len(parts) > 1 else parts[0]

    def strings(self) -> Iterator[str]:
        """Every string in the code that is not a docstring; of an f-string its fixed parts."""
        for node in self.nodes:
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in self.docstrings
            ):
                yield node.value


class Tree:
    """The files of one tree that count."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.modules = {module.name: module for module in self._read()}

    def _read(self) -> Iterator[Module]:
        for source_root, base in _BASES:
            for path in sorted((self.root / source_root).rglob("*.py")):
                parts = list(path.relative_to(self.root / base).with_suffix("").parts)
                if parts[-1] == "__init__":
                    parts.pop()
                if parts:
                    text = path.read_text(encoding="utf-8")
                    yield Module(
                        ".".join(parts),
                        self._place(path),
                        source_root,
                        text,
                        ast.parse(text, self._place(path)),
                    )

    def _place(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def texts(self) -> Iterator[tuple[str, str]]:
        """Path and text of the product's Python files and of the reports' templates."""
        for module in self.modules.values():
            yield module.path, module.text
        for path in sorted((self.root / "reports").rglob("*.j2")):
            yield self._place(path), path.read_text(encoding="utf-8")

    def other_texts(self) -> Iterator[tuple[str, str]]:
        """Path and text of the Python files beside the product; tests are left to their own."""
        for folder in _OTHER_ROOTS:
            for path in sorted((self.root / folder).rglob("*.py")):
                yield self._place(path), path.read_text(encoding="utf-8")

    def entry_points(self) -> dict[str, dict[str, str]]:
        """The entry points of `pyproject.toml` by group; none where the tree has no such file."""
        path = self.root / "pyproject.toml"
        if not path.exists():
            return {}
        project = tomllib.loads(path.read_text(encoding="utf-8")).get("project", {})
        return {"scripts": project.get("scripts", {}), **project.get("entry-points", {})}

    def imports(self, module: Module) -> Iterator[tuple[Module, str, ast.stmt]]:
        """What a module imports of this tree: the other module, the name taken from it ("" for all), the statement."""
        for node in module.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if found := self._nearest(alias.name):
                        yield found, "", node
            elif isinstance(node, ast.ImportFrom):
                source = _absolute(module, node)
                for alias in node.names:
                    if whole := self.modules.get(f"{source}.{alias.name}"):
                        yield whole, "", node
                    elif found := self._nearest(source):
                        yield found, alias.name, node

    def _nearest(self, name: str) -> Module | None:
        while name and name not in self.modules:
            name = name.rpartition(".")[0]
        return self.modules.get(name)


def _absolute(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    kept = parts[: len(parts) - node.level + (1 if module.is_folder else 0)]
    return ".".join([*kept, *([node.module] if node.module else [])])
