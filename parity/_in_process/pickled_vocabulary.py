"""A tokenizer that unpickles its vocabulary: recognised by what its files say, before a framework reads any of them.

Unpickling runs any code that the file names. Transformer-XL's tokenizer reads `vocab.pkl` (or a `vocab.bin` of torch's), and
whatever file `pretrained_vocab_file` names, in every transformers that has it (up to 4.5x). It is chosen by a class name
in tokenizer_config.json or config.json, by the type of the model, by the type of a part of it (an encoder beside a
decoder, the two tokenizers of RAG), by one of the versioned files that config.json lists, or, in old versions, by the
folder's own name. The same vocabulary as text (`vocab.txt`) is data, and is read.

Standard library only, Python 3.8.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# What a file of settings holds is Any here.

from __future__ import annotations

import json
import os
import re
from typing import Any, Iterator, NamedTuple

__all__ = ["Found", "look", "refusal"]

_KIND = re.compile(r"transfo[-_ ]?xl", re.IGNORECASE)
_NAMING = ("model_type", "tokenizer_class", "tokenizer_type")
_NAMED_FILE = "pretrained_vocab_file"
_PICKLES = re.compile(r"^vocab\.bin$|\.(pkl|pickle|p|pck|dill|joblib)$", re.IGNORECASE)
_SETTINGS = re.compile(r"config.*\.json$", re.IGNORECASE)
_DEPTH = 1  # subfolders of the named folder: RAG keeps each of its tokenizers in one


class Found(NamedTuple):
    """Why a tokenizer would unpickle: which file causes it, and how; the files that would be unpickled."""

    where: str
    what: str
    files: tuple[str, ...]

    def __str__(self) -> str:
        read = " and ".join(self.files) or "its vocabulary"
        return f"{self.where} {self.what}, which unpickles {read}, and unpickling runs any code in the file"


def look(place: str, *loaded: tuple[str, Any]) -> Found | None:
    """What in `place` (a folder, or a name on a hub) would be unpickled; None where nothing would.

    `loaded` are settings that a framework has read already, each with the name of the file that it comes from: a name on a
    hub has no folder to look into.
    """
    local = os.path.isdir(place)
    files = tuple(sorted(_pickles(place))) if local else ()
    settings = list(loaded)
    if local:
        settings += _read(place)
    for where, content in settings:
        for path, value in _leaves(content):
            if path[-1] == _NAMED_FILE and isinstance(value, str):
                return Found(where, f"names {_NAMED_FILE} {value!r}", (os.path.basename(value),))
    if local and not files:
        return None
    for where, content in settings:
        for path, value in _leaves(content):
            naming = next((name for name in _NAMING if name in path), None)
            if naming is not None and isinstance(value, str) and _KIND.search(value):
                return Found(where, f"names {naming} {value!r}", files)
    # transformers before 5 takes the kind of a model that its config does not tell from the name of its folder
    untold = not any(isinstance(content, dict) and content.get("model_type") for _, content in settings)
    if untold and _KIND.search(place):
        return Found("the name of the folder", "is {!r}".format(os.path.basename(place.rstrip("/"))), files)
    return None


def refusal(place: str, found: Found, refuse: Any) -> Any:
    """The refusal of a tokenizer from `place`, made by `refuse` (the host's Refusal)."""
    return refuse(
        "unsafe-artifact",
        f"The tokenizer of {place} was not loaded: {found}. None of its code was run.",
        "Save its vocabulary as text (vocab.txt) without the pickled file, or name another tokenizer with ?tokenizer=PATH.",
    )


def _pickles(folder: str) -> Iterator[str]:
    for root, name in _files(folder):
        if _PICKLES.search(name):
            yield os.path.relpath(os.path.join(root, name), folder)


def _read(folder: str) -> Iterator[tuple[str, Any]]:
    for root, name in sorted(_files(folder)):
        if not _SETTINGS.search(name):
            continue
        path = os.path.join(root, name)
        try:
            with open(path, encoding="utf-8") as file:
                yield os.path.relpath(path, folder), json.load(file)
        except (OSError, ValueError, RecursionError):
            continue  # no framework can read it either, and its error is clearer


def _files(folder: str) -> Iterator[tuple[str, str]]:
    deepest = os.path.abspath(folder).count(os.sep) + _DEPTH
    for root, inside, names in os.walk(folder, followlinks=True):
        if os.path.abspath(root).count(os.sep) >= deepest:
            inside[:] = []
        for name in names:
            yield root, name


def _leaves(value: Any, path: tuple[str, ...] = ("",)) -> Iterator[tuple[tuple[str, ...], Any]]:
    waiting = [(path, value)]
    while waiting:
        at, one = waiting.pop()
        if isinstance(one, dict):
            waiting += [((*at, str(key)), item) for key, item in one.items()]
        elif isinstance(one, list):
            waiting += [((*at, str(index)), item) for index, item in enumerate(one)]
        else:
            yield at, one
