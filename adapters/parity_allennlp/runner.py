"""Drives AllenNLP inside the interpreter that has it: loads an archive safely, encodes by its reader, runs its model.

No part of an archive is trusted: this runner unpacks it, its config is scanned before AllenNLP is imported, its weights are
read by an unpickler that knows tensors only, nothing is downloaded, and its unpacked folder is removed after
loading. The protocol is in `serve.py`.

Python 3.8 syntax; standard library, torch and AllenNLP only.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Sequence

from . import archive, guards, import_stubs, loading, reader_facts, transformer_folders
from . import config as configs
from . import session as sessions

if TYPE_CHECKING:
    from parity._in_process.host import Host

PROTOCOL = 2


def open(request: dict[str, Any], host: Host) -> Any:
    """A session with the archive or serialization directory that `request` names; Refusal for what is not one, or unsafe."""
    locator, options = str(request["locator"]), request["options"]
    if not os.path.exists(locator):
        raise host.Refusal(
            "subject-not-found",
            f"There is no archive or serialization directory {locator!r}.",
            "Give the model.tar.gz that AllenNLP wrote, or the folder it trained in.",
        )
    include = [name for name in options.get("include", "").split(",") if name]
    folder = tempfile.mkdtemp(prefix="allennlp-", dir=request.get("workdir"))
    try:
        parts = _unpacked(host, locator, folder)
        config = _scanned(host, locator, folder, include)
        loading.silence_the_network(folder)
        import_stubs.install()
        torch: Any = importlib.import_module("torch")
        torch.set_num_threads(max(1, int(request.get("threads") or 1)))
        safe_weights = host.safe_weights
        safe_weights.install()
        loading.packages(host, include)
        notes = guards.guard(host, include)
        read = configs.needed(config)
        beside = os.path.dirname(os.path.abspath(locator))
        names = transformer_folders.resolve_transformers(host, read, options.get("transformer", ""), beside)
        Path(folder, archive.CONFIG).write_text(json.dumps(read), encoding="utf-8")
        writable = [folder, str(request["workdir"])]
        loaded = _loaded(host, safe_weights, folder, parts.weights, options, writable)
        reader_facts.as_archived(loaded.reader, read, names)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if parts.ignored:
        notes.append(
            "Not unpacked from the archive, since AllenNLP does not read it: {}.".format(
                ", ".join(parts.ignored[:8])
            )
        )
    notes.extend(f"The transformer {name!r} is read from {path}." for name, path in names.items())
    origin = sessions.Origin(locator, config, tuple(names.values()))
    return sessions.Session(host, origin, loaded, options, notes)


def _unpacked(host: Host, locator: str, folder: str) -> Any:
    try:
        return archive.unpack(locator, folder)
    except archive.Unsafe as error:
        raise _unsafe(host, locator, error) from error
    except FileNotFoundError as error:
        raise host.Refusal(
            "subject-not-found",
            str(error),
            "Give the model.tar.gz that AllenNLP wrote, or the folder it trained in.",
        ) from error


def _scanned(host: Host, locator: str, folder: str, include: Sequence[str]) -> dict[str, Any]:
    try:
        text = Path(folder, archive.CONFIG).read_bytes().decode("utf-8")
        config: dict[str, Any] = configs.parse(text)
        configs.scan(configs.needed(config), include)
    except (configs.Unsafe, UnicodeDecodeError) as error:
        raise _unsafe(host, locator, error) from error
    if not isinstance(config.get("model"), dict) or "dataset_reader" not in config:
        raise host.Refusal(
            "subject-not-found",
            f"The config.json in {locator} describes no AllenNLP model and reader.",
        )
    return config


def _unsafe(host: Host, locator: str, error: Exception) -> Exception:
    refusal: Exception = host.Refusal(
        "unsafe-artifact",
        f"{locator} was refused: {error}. None of its code was run.",
        "An archive can contain code: ask its author, or remove the named part.",
    )
    return refusal


def _loaded(
    host: Host, safe_weights: Any, folder: str, weights: str, options: dict[str, str], writable: list[str]
) -> Any:
    """The archive as AllenNLP loads it, which reads, and writes nowhere but into `writable`.

    A package that the user included is trusted: it may write its own cache, for example.
    """
    trusted: Any = contextlib.nullcontext([])
    with trusted if options.get("include") else host.forbidden.nothing_but_reading(writable) as prevented:
        try:
            loaded = loading.load(
                host, folder, weights, options.get("predictor", ""), options.get("reader", "validation")
            )
        except Exception as error:  # whatever AllenNLP wraps a refusal in
            refused = safe_weights.refused(error)
            if prevented:
                raise _unsafe(host, "The archive", _Prevented(prevented[0])) from error
            if refused is None:
                raise
            raise _unsafe(host, "The archive", refused) from error
    if prevented:  # AllenNLP continued without it
        raise _unsafe(host, "The archive", _Prevented(prevented[0]))
    return loaded


class _Prevented(Exception):
    """What loading would have done; it was prevented before it happened."""

    def __init__(self, act: str) -> None:
        super().__init__(f"loading it would {act}, which was prevented")
