"""Writing an audit's folder: the record first, then whatever reports are installed, each from the record alone."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from pathlib import Path

from parity.audit import Audit, write_audit
from parity.errors import OutOfSpace, RecordError

__all__ = ["render_reports", "write_folder"]

Renderer = Callable[[Audit], str]
GROUP = "parity.reports"


def write_folder(audit: Audit, folder: Path) -> list[Path]:
    """Write `audit.json` and every report into `folder` (made if need be); the paths written, the record first."""
    record = folder / "audit.json"
    with _making(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _replace(record, lambda place: write_audit(audit, place))
    return [record, *render_reports(audit, folder)]


def render_reports(audit: Audit, folder: Path) -> list[Path]:
    """Render every installed report of the audit into `folder`, in the order of their names."""
    written: list[Path] = []
    with _making(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
            render: Renderer = entry.load()
            text = render(audit)
            target = folder / entry.name
            _replace(target, lambda place, text=text: place.write_text(text, encoding="utf-8"))  # type: ignore[misc]
            written.append(target)
    return written


def _replace(target: Path, write: Callable[[Path], object]) -> None:
    """Write beside the target and put it in place whole: a half-written file is never seen."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(handle)
    place = Path(name)
    try:
        write(place)
        place.chmod(0o644)
        place.replace(target)
    except BaseException:
        place.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _making(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise OutOfSpace(
                f"No room is left to write the audit into {folder}.",
                next_step="Free some, or name another folder with --out.",
            ) from error
        raise RecordError(
            f"The audit cannot be written into {folder}: {error.strerror}.",
            next_step="Name another folder with --out.",
        ) from error
