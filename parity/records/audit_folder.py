"""Writing the folder of an audit: first the record, then each installed report, from the record alone."""

from __future__ import annotations

import contextlib
import errno
import tempfile
from collections.abc import Callable, Generator, Iterable
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parity.errors import OutOfSpace, UsageError
from parity.records.audit import Audit, audit_bytes
from parity.records.seed_audit import SeedAudit, seed_audit_bytes
from parity.records.shown_paths import shown_paths

if TYPE_CHECKING:
    from parity.records.failure import Failure

__all__ = [
    "FILES",
    "check_folder",
    "clear_folder",
    "render_reports",
    "render_seed_reports",
    "write_failure",
    "write_folder",
    "write_seed_folder",
]

Renderer = Callable[[Any], str]
GROUP = "parity.reports"
SEED_GROUP = "parity.seed_reports"
FAILURE_GROUP = "parity.failure_reports"
FILES = ("audit.json", "junit.xml", "report.html", "summary.md")
"""What an audit writes."""

_PROBE_BYTES = 1 << 16


def clear_folder(folder: Path, names: Iterable[str] = FILES, *, kept: Iterable[Path] = ()) -> None:
    """Remove the last audit from a folder, so that no file of it is taken for the result of the next; other files stay.

    `kept` is not removed: what the next one reads there. Raises OSError.
    """
    spared = {path.resolve() for path in kept}
    for name in names:
        path = folder / name
        if (path.is_file() or path.is_symlink()) and path.resolve() not in spared:
            path.unlink()


def check_folder(folder: Path) -> None:
    """Check before anything is run that the audit can be written there; creates nothing, and raises what writing would raise."""
    with _writing(folder):
        place = folder.absolute()
        while not place.exists() and not place.is_symlink():
            place = place.parent
        if not place.is_dir():
            raise NotADirectoryError(
                errno.ENOTDIR, "it is a file" if place == folder.absolute() else f"{place} is a file"
            )
        with tempfile.TemporaryFile(dir=place) as probe:
            probe.write(bytes(_PROBE_BYTES))


def write_folder(audit: Audit, folder: Path) -> list[Path]:
    """Write `audit.json` and every report into `folder` (made if need be): all of them or none; the paths, the record first."""
    return _write(folder, {"audit.json": audit_bytes(audit), **_rendered(audit, GROUP)})


def write_seed_folder(audit: SeedAudit, folder: Path) -> list[Path]:
    """The same for the record of a seed audit and its reports."""
    return _write(folder, {"audit.json": seed_audit_bytes(audit), **_rendered(audit, SEED_GROUP)})


def render_seed_reports(audit: SeedAudit, folder: Path) -> list[Path]:
    """Render every installed report of a seed audit into `folder`: all of them or none."""
    return _write(folder, _rendered(audit, SEED_GROUP))


def render_reports(audit: Audit, folder: Path) -> list[Path]:
    """Render every installed report of the audit into `folder`, in the order of their names: all of them or none."""
    return _write(folder, _rendered(audit, GROUP))


def write_failure(failure: Failure, folder: Path) -> list[Path]:
    """Write the reports of a command without an audit into `folder` (made if need be): all of them or none."""
    return _write(folder, _rendered(failure, FAILURE_GROUP))


def _rendered(record: Audit | SeedAudit | Failure, group: str) -> dict[str, bytes]:
    """Every report of the group, by its file's name. Paths are in full in the record only."""
    shown = shown_paths(record)
    reports: dict[str, bytes] = {}
    for entry in sorted(entry_points(group=group), key=lambda entry: entry.name):
        render: Renderer = entry.load()
        reports[entry.name] = render(shown).encode("utf-8", "backslashreplace")
    return reports


def _write(folder: Path, files: dict[str, bytes]) -> list[Path]:
    """Write all files beside their places, then put each there: none is visible half written, or without the others."""
    with _writing(folder), contextlib.ExitStack() as undo:
        for parent in reversed([folder, *folder.parents]):
            if not parent.exists():
                parent.mkdir()
                undo.callback(_without_errors, parent.rmdir)
        places: list[tuple[Path, Path]] = []
        for name, data in files.items():
            handle, hidden = tempfile.mkstemp(dir=folder, prefix=f".{name}.")
            undo.callback(Path(hidden).unlink, missing_ok=True)
            with open(handle, "wb") as file:
                file.write(data)
            Path(hidden).chmod(0o644)
            places.append((Path(hidden), folder / name))
        for hidden_place, place in places:
            hidden_place.replace(place)
        undo.pop_all()
    return [folder / name for name in files]


def _without_errors(action: Callable[[], None]) -> None:
    with contextlib.suppress(OSError):  # another process wrote there meanwhile
        action()


@contextlib.contextmanager
def _writing(folder: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise OutOfSpace(
                f"No space is left to write the audit into {folder}.",
                next_step="Free some space, or name another folder with --out.",
            ) from error
        raise UsageError(
            f"The audit cannot be written into {folder}: {error.strerror}.",
            next_step="Name another folder with --out.",
        ) from error
