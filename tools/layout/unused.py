"""Public names that the product does not use: at most tests do.

A public name is a function, class or constant at the top of a module, without an underscore. It is used when, outside its own
definition, its module loads it, another module of the product imports it (a folder's `__init__.py` that only passes it on does
not count, its importers do), or any attribute of that name is read, by a dot or by `getattr`. Not looked at: entry points, commands, what the API
publishes, hooks and fixtures of pytest, errors that are raised by their slug, and names that a protocol declares.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tools.layout.tree import API, Module, Tree, identifiers

__all__ = ["unused_names"]

_PUBLISHED = frozenset({API})
_REGISTERING = frozenset(
    {"callback", "command", "fixture", "group"}
)  # decorators that hand a function to click, typer, pytest


class _Definition(NamedTuple):
    module: Module
    name: str
    node: ast.stmt


def unused_names(tree: Tree) -> tuple[str, ...]:
    """The public names that no code of the product uses."""
    attributes = {name for module in tree.modules.values() for name in _attributes(module)}
    outside = attributes | set(_outside(tree))
    imported = _imported(tree)
    return tuple(
        f"{item.module.path}:{item.node.lineno} {item.name}"
        for item in _definitions(tree)
        if item.name not in outside and (item.module.name, item.name) not in imported and not _loaded(item)
    )


def _definitions(tree: Tree) -> Iterator[_Definition]:
    for module in tree.modules.values():
        if module.name in _PUBLISHED:
            continue
        for node in _top(module.syntax.body):
            for name in _defined(node):
                if not name.startswith(("_", "pytest_")) and not _exempt(node):
                    yield _Definition(module, name, node)


def _top(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        if isinstance(node, (ast.If, ast.Try)):
            yield from _top([*node.body, *node.orelse])
        else:
            yield node


def _defined(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.Assign, ast.AnnAssign)):
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            yield from (item.id for item in ast.walk(target) if isinstance(item, ast.Name))


def _exempt(node: ast.stmt) -> bool:
    match node:
        case ast.FunctionDef(decorator_list=decorators):
            return any(_REGISTERING & identifiers(ast.unparse(item)) for item in decorators)
        case ast.ClassDef(body=body):
            return "slug" in {name for item in body for name in _defined(item)}
        case _:
            return False


def _outside(tree: Tree) -> Iterator[str]:
    """Names used from outside: by entry point, by the lazy table of the API, through a protocol."""
    for group in tree.entry_points().values():
        for place in group.values():
            yield place.rpartition(":")[2]
    if API in tree.modules:
        for text in tree.modules[API].strings():
            yield from identifiers(text)
    for module in tree.modules.values():
        for node in module.nodes:
            if isinstance(node, ast.ClassDef) and any(
                "Protocol" in identifiers(ast.unparse(base)) for base in node.bases
            ):
                yield from (name for item in node.body for name in _defined(item))


def _imported(tree: Tree) -> set[tuple[str, str]]:
    """Every (module, name) that the product imports, followed through folders that pass a name on."""
    used: set[tuple[str, str]] = set()
    passed: dict[tuple[str, str], tuple[str, str]] = {}
    for module in tree.modules.values():
        loads = {name for node in module.nodes for name in _loads(node)} if module.is_folder else set[str]()
        for target, name, statement in tree.imports(module):
            if not name or not isinstance(statement, ast.ImportFrom):
                continue
            here = next(alias.asname or name for alias in statement.names if alias.name == name)
            if module.is_folder and here not in loads:
                passed[module.name, here] = (target.name, name)
            else:
                used.add((target.name, name))
    ahead = list(used)
    while ahead:
        further = passed.get(ahead.pop())
        if further and further not in used:
            used.add(further)
            ahead.append(further)
    return used


def _loaded(item: _Definition) -> bool:
    own = {id(node) for node in ast.walk(item.node)}
    return any(item.name in _loads(node) for node in item.module.nodes if id(node) not in own)


def _loads(node: ast.AST) -> set[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Load()):
            return {name}
        case ast.Call(func=ast.Name(id="cast"), args=[ast.Constant(value=str() as text), *_]):
            return identifiers(text)
        case _:
            return set()


def _attributes(module: Module) -> Iterator[str]:
    for node in module.nodes:
        match node:
            case ast.Attribute(attr=name):
                yield name
            case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=str() as name), *_]):
                yield name
            case _:
                pass
