"""Where trained runs are kept: under parity's cache folder, or in a folder that every machine of a cluster sees.

    <runs>/<key>/                 a finished run: a Transformers folder, and run.json, which records how it was made
    <runs>/.drafts/<key>/         one being trained, or left by a process that was killed; never taken for a run
    <runs>/.locks/<key>.lock      held while it is trained
    <runs>/.rows/<digest>.jsonl   training and evaluation rows, named after the SHA-256 of their bytes

A draft is renamed when it is complete, so a folder with a run's name is a run. Runs are made by the runners
(`parity/_in_process/run_folder.py`), in whichever interpreter trains; this module finds them.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from parity.environments.managed import cache_folder
from parity.errors import UsageError
from parity.training.rows import Part

__all__ = ["runs_folder", "store_rows"]


def runs_folder(named: str | None = None) -> Path:
    """The folder of runs: as named, else `PARITY_RUNS`, else `runs` in parity's cache folder (`PARITY_CACHE`)."""
    chosen = named or os.environ.get("PARITY_RUNS")
    return Path(chosen).expanduser().absolute() if chosen else cache_folder().parent / "runs"


def store_rows(part: Part, root: Path) -> Path:
    """Write a part's rows where runners find them, once; returns the file, whose bytes have the part's digest.

    Raises UsageError where nothing can be written, or where the rows are no longer those that were checked.
    """
    name = part.digest.removeprefix("sha256:")
    place = root / ".rows" / f"{name}.jsonl"
    if place.exists():
        return place
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=place.parent, suffix=".draft")
        try:
            with os.fdopen(descriptor, "wb") as file:
                for row in part.read():
                    file.write(row.line())
                file.flush()
                os.fsync(file.fileno())
            if _digest(Path(draft)) != name:
                raise UsageError(
                    f"{part.source} changed while it was being used.",
                    next_step="Run again on a file that no program writes to.",
                )
            os.rename(draft, place)
        finally:
            Path(draft).unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(
            f"The folder for runs cannot be written: {root} ({error.strerror}).",
            next_step="Name another folder: PARITY_RUNS=/path/to/folder.",
        ) from error
    return place


def _digest(file: Path) -> str:
    import hashlib

    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
