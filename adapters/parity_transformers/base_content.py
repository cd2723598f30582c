"""The content of a base model: digests of a folder's files, and of a model and tokenizer as they were loaded.

A hub id is a name, whose content moves with its revision; a folder may be written to between the moment its files are digested
and the moment they are loaded. A run is identified by content, so both are checked here. Standard library and torch.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parity._in_process.host import Host

__all__ = ["commit_of", "held", "of_files", "of_loaded"]

# Where it was loaded from and by what, and the recipe's settings: not part of the base.
_NOT_ITS_OWN = (
    "_name_or_path",
    "_commit_hash",
    "transformers_version",
    "id2label",
    "label2id",
    "problem_type",
)


def of_files(folder: str) -> str:
    """The digest of a folder's files, as `parity/training/recipe.py` makes it."""
    whole = hashlib.sha256()
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if os.path.isfile(path) and not name.startswith(".") and not name.endswith(".md"):
            whole.update(f"{name}\0{_of_file(path)}\n".encode())
    return "sha256:" + whole.hexdigest()


def held(folder: str, digest: str, host: Host) -> None:
    """Refuse a folder whose files are not those that were digested."""
    try:
        same = of_files(folder) == digest
    except OSError:
        same = False
    if not same:
        raise host.Refusal(
            "recipe",
            f"The base model {folder} changed while it was being used: its files are not those that were checked.",
            "Run again with a base model that no program writes to.",
        )


def of_loaded(model: Any, tokenizer: Any, new: list[str]) -> str:
    """The digest of a base as it was loaded: its weights and buffers without those that are `new`, its config, its tokenizer."""
    import torch

    whole = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        if name not in new:
            flat = tensor.detach().cpu().contiguous().reshape(-1)
            content = flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""
            facts = [name, list(tensor.shape), str(tensor.dtype), hashlib.sha256(content).hexdigest()]
            whole.update(json.dumps(facts).encode() + b"\n")
    config = {key: value for key, value in model.config.to_dict().items() if key not in _NOT_ITS_OWN}
    whole.update(json.dumps([config, _of_tokenizer(tokenizer)], sort_keys=True, default=str).encode())
    return "sha256:" + whole.hexdigest()


def commit_of(name: str, revision: str | None) -> str | None:
    """The commit that the hub's cache has for a name, as its folders are called; None where the installed version does not report it."""
    try:
        hub: Any = importlib.import_module("transformers.utils")
        arguments = {} if revision is None else {"revision": revision}
        found = str(hub.cached_file(name, "config.json", local_files_only=True, **arguments))
    except (ImportError, AttributeError, OSError, ValueError):
        return None
    place = os.path.basename(os.path.dirname(found))
    return place if re.fullmatch(r"[0-9a-f]{40}", place) else None


def _of_tokenizer(tokenizer: Any) -> Any:
    """Everything that decides its ids: all parts of a fast one, else the vocabulary; and its settings."""
    inside = getattr(tokenizer, "backend_tokenizer", None)
    vocabulary: Any = inside.to_str() if inside is not None else sorted(tokenizer.get_vocab().items())
    settings = {
        name: str(getattr(tokenizer, name, None))
        for name in (
            "special_tokens_map",
            "model_max_length",
            "padding_side",
            "truncation_side",
            "do_lower_case",
            "model_input_names",
        )
    }
    return [type(tokenizer).__name__, vocabulary, settings]


def _of_file(path: str) -> str:
    whole = hashlib.sha256()
    with open(path, "rb") as file:
        for part in iter(lambda: file.read(1 << 20), b""):
            whole.update(part)
    return whole.hexdigest()
