"""The base model that a recipe names: a folder, with the digest of its files, or a hub id."""

from __future__ import annotations

import hashlib
from pathlib import Path

from parity.errors import RecipeError

__all__ = ["base_of"]


def base_of(place: Path, named: str) -> tuple[str, str | None]:
    """The base as it is loaded, and the digest of its files where it is a folder."""
    folder = Path(place.parent, Path(named).expanduser())
    if not folder.exists() and named.count("/") <= 1 and not named.startswith((".", "~", "/")):
        return named, None
    if not (folder / "config.json").is_file():
        what = "holds no config.json" if folder.is_dir() else "is not an existing folder"
        raise RecipeError(
            f"{place}: model.base = {named!r} {what} ({folder}).",
            next_step="Name the folder that save_pretrained() wrote, or a hub id such as google-bert/bert-base-uncased.",
        )
    if not any(file.suffix in {".safetensors", ".bin"} for file in folder.iterdir()):
        raise RecipeError(
            f"{place}: model.base = {named!r} holds no weights.",
            next_step="Put model.safetensors or pytorch_model.bin there: training starts from them.",
        )
    whole = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        if file.is_file() and not file.name.startswith(".") and file.suffix != ".md":
            with file.open("rb") as content:
                whole.update(f"{file.name}\0{hashlib.file_digest(content, 'sha256').hexdigest()}\n".encode())
    return str(folder.resolve()), f"sha256:{whole.hexdigest()}"
