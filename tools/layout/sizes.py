"""Sizes: files of too many lines, functions of too many parameters, uses of `Any` where a record could stand."""

from __future__ import annotations

import ast
import re

from tools.layout.tree import Module, Tree

__all__ = ["any_in_adapters", "any_in_four_files", "long_files", "wide_functions"]

MOST_LINES = 300
MOST_PARAMETERS = 6
_LONG_ON_PURPOSE = frozenset({"parity/errors.py"})  # one drawn tree of errors
_FOUR_FILES = (  # where a record of parity's own was most often an Any
    "adapters/parity_allennlp/session.py",
    "adapters/parity_allennlp/stages.py",
    "adapters/parity_allennlp/training.py",
    "adapters/parity_transformers/loading.py",
)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def long_files(tree: Tree) -> tuple[str, ...]:
    """Python files of more than 300 lines in the product, benchmarks, fixtures, proof and tools (not in tests)."""
    texts = [(module.path, module.text) for module in tree.modules.values()] + list(tree.other_texts())
    return tuple(
        f"{path} {lines}"
        for path, text in sorted(texts)
        if (lines := len(text.splitlines())) > MOST_LINES and path not in _LONG_ON_PURPOSE
    )


def wide_functions(tree: Tree) -> tuple[str, ...]:
    """Functions of the product with more than six parameters.

    All kinds of parameters count (positional, keyword-only, `*args`, `**kwargs`), the `self` or `cls` of a method does not.
    Decorated functions of `parity/cli` are commands, whose parameters are options of the command line; they are excluded.
    """
    found: list[str] = []
    for module in tree.modules.values():
        methods = {id(item) for node in module.nodes if isinstance(node, ast.ClassDef) for item in node.body}
        for node in module.nodes:
            if not isinstance(node, _Function) or _is_command(module, node):
                continue
            parameters = _parameters(node, id(node) in methods)
            if parameters > MOST_PARAMETERS:
                found.append(f"{module.path}:{node.lineno} {node.name} {parameters}")
    return tuple(sorted(found))


def any_in_four_files(tree: Tree) -> tuple[str, ...]:
    """The lines that name `Any` in the four files of adapters that had most of them."""
    return tuple(place for place in any_in_adapters(tree) if place.rpartition(":")[0] in _FOUR_FILES)


def any_in_adapters(tree: Tree) -> tuple[str, ...]:
    """The lines that name `Any` in what adapters run in a foreign interpreter: all of their files but the declaration."""
    return tuple(
        f"{module.path}:{number}"
        for module in tree.modules.values()
        if module.source_root == "adapters" and not module.is_folder
        for number, line in enumerate(module.text.splitlines(), start=1)
        if re.search(r"\bAny\b", line)
    )


def _parameters(node: _Function, is_method: bool) -> int:
    names = node.args
    count = len(names.posonlyargs) + len(names.args) + len(names.kwonlyargs)
    count += (names.vararg is not None) + (names.kwarg is not None)
    static = any(isinstance(item, ast.Name) and item.id == "staticmethod" for item in node.decorator_list)
    return count - (is_method and not static)


def _is_command(module: Module, node: _Function) -> bool:
    return module.package == "cli" and bool(node.decorator_list)
