"""Published causes that cannot be raised.

A file of `parity/causes/` publishes each `NAME` of a module or class in it. The cause can be raised when the same module or class, or
a class of the same module that it derives from, defines `suspect`, and `parity/causes/__init__.py`, where the explicit tuple is,
names the module or the class.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from tools.layout.tree import Module, Tree, identifiers

__all__ = ["published", "unraisable"]


def published(tree: Tree) -> tuple[str, ...]:
    """The names of all published causes."""
    return tuple(name for name, _ in _causes(tree))


def unraisable(tree: Tree) -> tuple[str, ...]:
    """The published causes that nothing raises."""
    return tuple(sorted(name for name, raised in _causes(tree) if not raised))


def _causes(tree: Tree) -> Iterator[tuple[str, bool]]:
    """Every published name, and whether it can be raised."""
    folder = tree.modules.get("parity.causes")
    listed = identifiers(ast.unparse(folder.syntax)) if folder else set[str]()
    for module in tree.modules.values():
        if not module.name.startswith("parity.causes."):
            continue
        last = module.name.rpartition(".")[2]
        yield from ((name, last in listed and _defines(module.syntax)) for name in _names(module.syntax.body))
        for node in module.nodes:
            if isinstance(node, ast.ClassDef):
                yield from (
                    (name, node.name in listed and _suspects(node, module)) for name in _names(node.body)
                )


def _names(body: Sequence[ast.stmt]) -> Iterator[str]:
    for statement in body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id="NAME")], value=ast.Constant(value=str() as name))
                | ast.AnnAssign(target=ast.Name(id="NAME"), value=ast.Constant(value=str() as name))
            ):
                yield name
            case _:
                pass


def _suspects(kind: ast.ClassDef, module: Module) -> bool:
    """Whether a class, or one of the module that it derives from, defines `suspect`."""
    bases = {base.id for base in kind.bases if isinstance(base, ast.Name)}
    return _defines(kind) or any(
        isinstance(node, ast.ClassDef) and node.name in bases and _suspects(node, module)
        for node in module.nodes
    )


def _defines(scope: ast.Module | ast.ClassDef) -> bool:
    return any(isinstance(item, ast.FunctionDef) and item.name == "suspect" for item in scope.body)
