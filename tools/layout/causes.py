"""Published causes that cannot be raised.

Two forms are known. A catalogue (`parity/causes/catalogue.py`) publishes each `CauseEntry(name, ...)`, and a cause can be raised
when a string of the product outside the catalogue is its name. One file a cause publishes each `NAME` of a module or class in
`parity/causes/`, and a cause can be raised when the same module or class defines `suspect` and `parity/causes/__init__.py`,
where the explicit tuple is, names the module or the class.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from tools.layout.tree import Module, Tree, identifiers

__all__ = ["published", "unraisable"]

_CATALOGUE = "parity.causes.catalogue"
_NO_CAUSE = frozenset({"none", "unknown"})  # the two answers that name no cause


def published(tree: Tree) -> tuple[str, ...]:
    """The names of all published causes."""
    if _CATALOGUE in tree.modules:
        return tuple(_entries(tree.modules[_CATALOGUE]))
    return tuple(name for name, _ in _files(tree))


def unraisable(tree: Tree) -> tuple[str, ...]:
    """The published causes that nothing raises."""
    if _CATALOGUE not in tree.modules:
        return tuple(sorted(name for name, raised in _files(tree) if not raised))
    strings = {
        text
        for module in tree.modules.values()
        if module.source_root != "reports" and module.name != _CATALOGUE
        for text in module.strings()
    }
    return tuple(sorted(set(published(tree)) - strings))


def _entries(catalogue: Module) -> Iterator[str]:
    for node in catalogue.nodes:
        match node:
            case ast.Call(func=ast.Name(id="CauseEntry"), args=[ast.Constant(value=str() as name), *_]):
                if name not in _NO_CAUSE:
                    yield name
            case _:
                pass


def _files(tree: Tree) -> Iterator[tuple[str, bool]]:
    folder = tree.modules.get("parity.causes")
    listed = identifiers(ast.unparse(folder.syntax)) if folder else set[str]()
    for module in tree.modules.values():
        if not module.name.startswith("parity.causes."):
            continue
        last = module.name.rpartition(".")[2]
        scopes = [(last, module.syntax.body)]
        scopes += [(node.name, node.body) for node in module.nodes if isinstance(node, ast.ClassDef)]
        for owner, body in scopes:
            yield from ((name, _suspects(body) and bool(listed & {owner, last})) for name in _names(body))


def _names(body: Sequence[ast.stmt]) -> Iterator[str]:
    for statement in body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id="NAME")], value=ast.Constant(value=str() as name))
                | ast.AnnAssign(target=ast.Name(id="NAME"), value=ast.Constant(value=str() as name))
            ):
                if name not in _NO_CAUSE:
                    yield name
            case _:
                pass


def _suspects(body: Sequence[ast.stmt]) -> bool:
    return any(isinstance(item, ast.FunctionDef) and item.name == "suspect" for item in body)
