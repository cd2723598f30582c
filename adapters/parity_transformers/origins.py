"""Where a loaded model and its tokenizer came from: commits, the digest of the tokenizer's files, and what was chosen or overridden."""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING, Any

from . import library_defaults, not_run, tokenizer_files

if TYPE_CHECKING:
    from .encoding import Encoder
    from .loading import Loaded
    from .options import Options

__all__ = ["facts"]

_SNAPSHOT = re.compile(r"[\\/]snapshots[\\/]([0-9a-f]{40})[\\/]")
_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "spiece.model",
    "sentencepiece.bpe.model",
    "spm.model",
    "tokenizer.model",
    "bpe.codes",
)


def facts(loaded: Loaded, options: Options, given: dict[str, str], encoder: Encoder) -> dict[str, Any]:
    """The fields of a description that say so."""
    hub = dict(loaded.folder.hub, local_files_only=True)  # all was fetched when it was loaded
    model = not_run.Folder(loaded.name, os.path.isdir(loaded.name), hub)
    place = tokenizer_files.place_of(loaded.name, options)
    tokenizer = model if place == loaded.name else not_run.Folder(place, os.path.isdir(place), hub)
    files = {
        name: path for name, path in ((name, tokenizer.find(name)) for name in _FILES) if path is not None
    }
    return {
        "chosen": library_defaults.chosen(loaded, options, given, encoder),
        "overridden": loaded.overrides.overridden,
        "origin": {
            "commit": _commit(model.find("config.json")) or getattr(loaded.config, "_commit_hash", None),
            "tokenizer_commit": _commit(next(iter(files.values()), None)),
            "tokenizer_digest": _digest(files) if files else None,
        },
    }


def _commit(path: str | None) -> str | None:
    """The commit of a file in the hub's cache; None for one elsewhere, whose commit is not known."""
    found = _SNAPSHOT.search(os.path.abspath(path)) if path is not None else None
    return None if found is None else found.group(1)


def _digest(files: dict[str, str]) -> str:
    """One digest for the tokenizer's files, from their names and bytes."""
    whole = hashlib.sha256()
    for name in sorted(files):
        with open(files[name], "rb") as file:
            whole.update(f"{name}\t{hashlib.sha256(file.read()).hexdigest()}\n".encode())
    return "sha256:" + whole.hexdigest()
