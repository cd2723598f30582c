"""The folder of one trained run, on the side that trains: made once, by one process, and either complete or absent.

    with claim(runs, key, host) as claimed:
        if claimed.record is None:
            ... write into claimed.draft ...
            claimed.finish({...})
        ... use claimed.folder ...

`<runs>/<key>` is a finished run: it got its name by one rename, after its record (`run.json`, which names every other
file with its size and SHA-256) was on disk. What is being trained is `<runs>/.drafts/<key>`, started again whenever
no process holds its lock (`<runs>/.locks/<key>.lock`), which ends with its holder. Standard library only, like this whole folder.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import shutil
import time
from typing import Any, Generator, Sequence

__all__ = ["RECORD", "Claim", "claim", "key_of"]

RECORD = "run.json"
_POLL_SECONDS = 0.25  # seconds between two attempts to take a lock


def key_of(content: Any) -> str:
    """Twenty-four hex digits for what a run follows from (plain JSON values)."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:24]


class Claim:
    """A run that this process may make, or that exists already; `record` is None until it is finished."""

    def __init__(self, folder: str, draft: str, record: dict[str, Any] | None) -> None:
        self.folder = folder
        self.draft = draft
        self.record = record
        self.made_now = False

    def finish(self, record: dict[str, Any], kept: Sequence[str] = ()) -> None:
        """Finish the draft: write its record beside the files, all of it on disk, and rename it to the run's name.

        Folders in it are a framework's temporary files, but for those that are `kept`.
        """
        files: dict[str, Any] = {}
        for name in self._names(kept):
            path = os.path.join(self.draft, name)
            files[name] = {"size": os.path.getsize(path), "digest": _digest(path)}
            _to_disk(path)
        record = dict(record, files=files)
        path = os.path.join(self.draft, RECORD)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(record, file, indent=1, sort_keys=True, allow_nan=False)
            file.write("\n")
        _to_disk(path)
        _to_disk(self.draft)
        os.rename(self.draft, self.folder)
        _to_disk(os.path.dirname(self.folder))
        self.record, self.made_now = record, True

    def _names(self, kept: Sequence[str]) -> list[str]:
        """The files that stay, those in folders by their path; the other folders are removed."""
        found: list[str] = []
        for name in sorted(os.listdir(self.draft)):
            path = os.path.join(self.draft, name)
            if not os.path.isdir(path):
                found.append(name)
            elif name in kept:
                found += [os.path.join(name, inner) for inner in sorted(os.listdir(path))]
                _to_disk(path)
            else:
                shutil.rmtree(path)
        return found


@contextlib.contextmanager
def claim(runs: str, key: str, host: Any) -> Generator[Claim, None, None]:
    """Hold a run's lock: another process that needs the same run waits here, and then finds it finished."""
    folder = os.path.join(runs, key)
    record = _read(folder)
    if record is not None and not _damage(folder, record):
        yield Claim(folder, "", record)
        return
    try:
        for part in (".locks", ".drafts"):
            os.makedirs(os.path.join(runs, part), exist_ok=True)
        descriptor = os.open(os.path.join(runs, ".locks", key + ".lock"), os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise host.Refusal(
            "usage",
            f"The folder for runs cannot be written: {runs} ({error.strerror}).",
            "Name another folder: PARITY_RUNS=/path/to/folder.",
        ) from error
    try:
        _lock(descriptor, host)
        record = _read(folder)
        damage = None if record is None else _damage(folder, record)
        if damage is not None:
            host.warn(f"The run {folder} is damaged ({damage}); it is trained again.")
            record = None
        draft = os.path.join(runs, ".drafts", key)
        shutil.rmtree(draft, ignore_errors=True)
        if record is None:
            _clear(folder)
            os.makedirs(draft)
        try:
            yield Claim(folder, draft, record)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, host: Any) -> None:
    began = time.monotonic()
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            # Reported repeatedly: without messages the host takes this process for one that hangs.
            host.progress("waiting for another process that trains this run", int(time.monotonic() - began))
            time.sleep(_POLL_SECONDS)


def _read(folder: str) -> dict[str, Any] | None:
    try:
        with open(os.path.join(folder, RECORD), encoding="utf-8") as file:
            record: Any = json.load(file)
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None  # pyright: ignore[reportUnknownVariableType] - JSON has no type


def _damage(folder: str, record: dict[str, Any]) -> str | None:
    """What was changed since it was written; None where nothing was."""
    for name, written in record.get("files", {}).items():
        path = os.path.join(folder, name)
        if not os.path.isfile(path):
            return f"{name} is missing"
        if os.path.getsize(path) != written["size"] or _digest(path) != written["digest"]:
            return f"{name} was changed after it was written"
    return None


def _clear(folder: str) -> None:
    """Remove a folder that has a run's name and is not a run, its record first."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.join(folder, RECORD))
    if os.path.isdir(folder):
        shutil.rmtree(folder)


def _digest(path: str) -> str:
    whole = hashlib.sha256()
    with open(path, "rb") as file:
        for part in iter(lambda: file.read(1 << 20), b""):
            whole.update(part)
    return "sha256:" + whole.hexdigest()


def _to_disk(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
