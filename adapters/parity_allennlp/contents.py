"""What determines the weights of an experiment, by content: files, folders, transformers of the cache, packages of code.

Runs inside the foreign interpreter: standard library and Transformers, Python 3.8.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# AllenNLP is not installed where types are checked: its objects are Any here.

from __future__ import annotations

import glob
import hashlib
import importlib
import json
import os
import re
import sys
from typing import Any, Iterator, NamedTuple

from . import config as configs

__all__ = ["Contents", "code_of", "contents_of", "is_data", "text_digest"]

_PATHS = re.compile(r"(path|file|directory|_dir)s?$")


class Contents(NamedTuple):
    """Digests of what a config names: files and folders by the place that names them, and transformers of the cache by name."""

    files: dict[str, str]
    cached: dict[str, str]


def contents_of(config: dict[str, Any]) -> Contents:
    """What a config names, digested as it is now."""
    names: set[str] = {place.name for place in configs.transformers(config)}
    files: dict[str, str] = {}
    cached: dict[str, str] = {}
    for where, value in configs.flat(config).items():
        if not isinstance(value, str) or where.endswith("type"):
            continue
        found = _digest_of(value, folders=value in names or bool(_PATHS.search(where)))
        if found is not None:
            files[where] = found
        elif value in names and value not in cached:
            cached[value] = _cached_transformer(value)
    return Contents(files, cached)


def _cached_transformer(name: str) -> str:
    """The digest of what Transformers' cache holds under a name, as it is loaded: config, tokenizer, weights; "" for nothing.

    A name does not identify content: this changes with its revision.
    """
    transformers: Any = importlib.import_module("transformers")
    parts: list[Any] = []
    for of in (_config_content, _tokenizer_content, _weights_content):
        try:
            parts.append(of(transformers, name))
        except (
            OSError,
            ValueError,
            KeyError,
            ImportError,
        ):  # it has none: a config and a vocabulary may suffice
            parts.append(None)
    return text_digest(json.dumps(parts, sort_keys=True, default=str)) if any(parts) else ""


def _config_content(transformers: Any, name: str) -> Any:
    config: dict[str, Any] = transformers.AutoConfig.from_pretrained(name).to_dict()
    return {key: value for key, value in config.items() if key not in ("_name_or_path", "_commit_hash")}


def _tokenizer_content(transformers: Any, name: str) -> Any:
    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(name)
    inside: Any = getattr(tokenizer, "backend_tokenizer", None)
    vocabulary: Any = inside.to_str() if inside is not None else sorted(tokenizer.get_vocab().items())
    return [
        type(tokenizer).__name__,
        vocabulary,
        str(tokenizer.special_tokens_map),
        tokenizer.model_max_length,
    ]


def _weights_content(transformers: Any, name: str) -> Any:
    model, info = transformers.AutoModel.from_pretrained(name, output_loading_info=True)
    new = set(info["missing_keys"])  # random, and not from the base
    return [
        [
            key,
            list(tensor.shape),
            str(tensor.dtype),
            hashlib.sha256(tensor.detach().cpu().double().contiguous().numpy().tobytes()).hexdigest(),
        ]
        for key, tensor in sorted(model.state_dict().items())
        if key not in new
    ]


def is_data(where: str) -> bool:
    """Whether a place in a config names rows."""
    return where.split(".")[0].endswith("data_path")


def _digest_of(named: str, folders: bool) -> str | None:
    """Of the file, the folder's files, or the files of a pattern; None for anything else."""
    named = named.split("!", maxsplit=1)[0]  # AllenNLP's way to name a member of an archive
    try:
        if os.path.isfile(named):
            return _file_digest(named)
        if folders and os.path.isdir(named):
            return text_digest(json.dumps([[name, _file_digest(path)] for name, path in _files(named)]))
        matching = sorted(glob.glob(named)) if folders and glob.has_magic(named) else []
    except (OSError, ValueError):
        return None
    found = [[os.path.basename(path), _file_digest(path)] for path in matching if os.path.isfile(path)]
    return text_digest(json.dumps(found)) if found else None


def _files(folder: str, ending: str = "") -> Iterator[tuple[str, str]]:
    for root, inside, names in os.walk(folder):
        inside[:] = sorted(name for name in inside if not name.startswith((".", "__pycache__")))
        for name in sorted(names):
            path = os.path.join(root, name)
            if name.endswith(ending) and not name.startswith(".") and os.path.isfile(path):
                yield os.path.relpath(path, folder), path


def code_of(package: str) -> list[list[str]]:
    """Every Python file of a package that was imported, with its digest."""
    module = sys.modules[package]
    places = [str(place) for place in getattr(module, "__path__", [])]
    if not places:
        source = str(getattr(module, "__file__", "") or "")
        return [[package, _file_digest(source)]] if os.path.isfile(source) else []
    return [[name, _file_digest(path)] for place in places for name, path in _files(place, ".py")]


def _file_digest(path: str) -> str:
    whole = hashlib.sha256()
    with open(path, "rb") as file:
        for part in iter(lambda: file.read(1 << 20), b""):
            whole.update(part)
    return "sha256:" + whole.hexdigest()


def text_digest(text: str) -> str:
    """The digest of a text."""
    return "sha256:" + hashlib.sha256(text.encode("utf-8")).hexdigest()
