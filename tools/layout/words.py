"""Words that belong in one place: a pass, a metric, an adapter or its seeds named elsewhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tools.layout.tree import Module, Tree

__all__ = ["naming", "naming_adapters"]

_GENERIC = frozenset({"trace", "outputs"})  # schemes that are nouns of the product as well
_TUPLE = re.compile(r"parity/\w+/__init__\.py")
_DECLARING = frozenset({"Option", "Factor"})


def naming(tree: Tree, word: str) -> tuple[str, ...]:
    """The product's files and templates that contain the word, also in comments and docstrings.

    The explicit tuple of what is built in stands in the `__init__.py` of a folder of `parity/`; such a file is excluded.
    """
    whole = re.compile(rf"(?<![A-Za-z0-9]){word}(?![A-Za-z0-9])")
    return tuple(path for path, text in tree.texts() if not _TUPLE.fullmatch(path) and whole.search(text))


def naming_adapters(tree: Tree) -> tuple[str, ...]:
    """The files of `parity/` whose code or strings name an adapter of this repository, or one of its seeds.

    An adapter's names are its package (`parity_transformers`) and its schemes in `pyproject.toml`: as a string (`"hf"`), before
    a colon in a string (`hf:./model`), or, from four letters on, as a part of an identifier (`_ALLENNLP`). `trace` and `outputs`
    are nouns of the product and are not looked for. Its seeds are the options or factors that it declares with a name that ends
    in `_seed`. Comments and docstrings (the help of commands among them) may name adapters: an example needs one.
    """
    packages = {module.package for module in tree.modules.values() if module.source_root == "adapters"}
    schemes = set(tree.entry_points().get("parity.adapters", {})) - _GENERIC
    seeds = set(_seeds(tree))
    found: list[str] = []
    for module in tree.modules.values():
        if module.source_root == "parity":
            named = sorted(_named(module, packages | seeds, schemes))
            if named:
                found.append(f"{module.path} {', '.join(named)}")
    return tuple(found)


def _named(module: Module, words: set[str], schemes: set[str]) -> Iterator[str]:
    strings = list(module.strings())
    names = set(_identifiers(module))
    in_strings = {word for text in strings for word in re.findall(r"\w+", text)}
    for word in words:
        if word in in_strings or word in names:
            yield word
    for scheme in schemes:
        before_colon = re.compile(rf"(?<![\w-]){re.escape(scheme)}:")
        if any(text == scheme or before_colon.search(text) for text in strings) or (
            len(scheme) > 3 and any(scheme in name.lower() for name in names)
        ):
            yield scheme


def _identifiers(module: Module) -> Iterator[str]:
    for node in module.nodes:
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.alias(name=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.keyword(arg=str() as name):
                yield name
            case ast.ImportFrom(module=str() as name):
                yield name
            case _:
                pass


def _seeds(tree: Tree) -> Iterator[str]:
    for module in tree.modules.values():
        if module.source_root != "adapters":
            continue
        for node in module.nodes:
            match node:
                case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str() as seed), *_]):
                    if name in _DECLARING and seed.endswith("_seed"):
                        yield seed
                case _:
                    pass
