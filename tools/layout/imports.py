"""The imports between packages: how many, which go up, which run in a circle, which packages have no level."""

from __future__ import annotations

from dataclasses import dataclass

from tools.layout.levels import level_of, may_import
from tools.layout.tree import API, Module, Tree

__all__ = ["Imports"]


@dataclass(frozen=True)
class _Import:
    importer: Module
    target: Module
    line: int

    def __str__(self) -> str:
        return f"{self.importer.package} -> {self.target.package} ({self.importer.path}:{self.line})"


class Imports:
    """The packages of a tree and the imports between them, one for each pair."""

    def __init__(self, tree: Tree) -> None:
        self._modules = tuple(tree.modules.values())
        self._pairs: dict[tuple[str, str], _Import] = {}
        for module in self._modules:
            for target, _, statement in tree.imports(module):
                if target.package != module.package:
                    found = _Import(module, target, statement.lineno)
                    self._pairs.setdefault((module.package, target.package), found)

    def packages(self) -> tuple[str, ...]:
        """The packages that count."""
        return tuple(sorted({module.package for module in self._modules if _counts(module)}))

    def between(self) -> tuple[str, ...]:
        """The imports between packages that count, each with its first place."""
        return tuple(str(found) for _, found in sorted(self._counted().items()))

    def upward(self) -> tuple[str, ...]:
        """The imports that the levels do not allow; those of `reports/` and of the public names too."""
        return tuple(
            str(found)
            for (importer, target), found in sorted(self._pairs.items())
            if not may_import(found.importer.source_root, importer, found.target.source_root, target)
        )

    def unplaced(self) -> tuple[str, ...]:
        """The packages of `parity/` that the table of levels does not have."""
        of_parity = {module.package for module in self._modules if module.source_root == "parity"}
        return tuple(sorted(name for name in of_parity if level_of(name) is None))

    def circles(self) -> tuple[str, ...]:
        """Each set of packages that reach one another."""
        reached = {package: self._reached(package) for package in self.packages()}
        circles = {
            tuple(sorted(other for other in reached[package] if package in reached.get(other, ())))
            for package in reached
            if package in reached[package]
        }
        return tuple(" <-> ".join(circle) for circle in sorted(circles))

    def _counted(self) -> dict[tuple[str, str], _Import]:
        return {
            pair: found
            for pair, found in self._pairs.items()
            if _counts(found.importer) and _counts(found.target)
        }

    def _reached(self, package: str) -> set[str]:
        reached: set[str] = set()
        ahead = [package]
        while ahead:
            here = ahead.pop()
            new = {target for importer, target in self._counted() if importer == here} - reached
            reached |= new
            ahead.extend(new)
        return reached


def _counts(module: Module) -> bool:
    return module.source_root != "reports" and module.name not in (API, "parity.__main__")
