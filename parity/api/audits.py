"""The results of a comparison and of a seed audit: their records, which save and show themselves.

The record's fields (parity/records/) are attributes: `audit.verdict`, `audit.headline`, `audit.findings`, `audit.stages`. An audit is
true where what the policy requires was shown (`audit.passed`: what the command line ends with exit code 0 for), so that
`assert audit` fails for anything else, and its text, which pytest shows, says why.
"""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint, entry_points
from os import PathLike
from pathlib import Path
from typing import Any, TextIO

import msgspec

from parity.records import audit as pair_record
from parity.records import seed_audit as seed_record
from parity.records.audit import audit_bytes
from parity.records.audit_folder import render_reports, render_seed_reports, write_folder, write_seed_folder
from parity.records.document import load_record
from parity.records.seed_audit import seed_audit_bytes
from parity.records.shown_paths import shown_paths

__all__ = ["Audit", "SeedAudit", "as_audit", "as_seed_audit", "load_audit"]

_GROUP = "parity.summaries"
_COLUMNS = 110  # of the first screen as text


class Audit(pair_record.Audit, frozen=True, kw_only=True):
    """The record of one comparison; true where it passed. A notebook shows its first screen.

    What it holds beside these methods is in `parity/records/audit.py`.

        audit = parity.compare("hf:fixtures/port", "hf:fixtures/port")
        assert isinstance(audit, parity.Audit) and audit.passed
        print(audit.summary())                           # the report's first screen
        audit.save("audits/saved")                       # audit.json, report.html, summary.md, junit.xml
    """

    @property
    def passed(self) -> bool:
        """Whether what the policy requires was shown: `parity`, `equivalent`, or an `inconclusive` that was allowed."""
        return self.exit_code == 0

    @property
    def line(self) -> str:
        """The result in one line: the verdict and the headline."""
        shown = shown_paths(self)
        repeated = shown.headline.lower().startswith(shown.verdict)
        return shown.headline if repeated else f"{shown.verdict}: {shown.headline}"

    def __bool__(self) -> bool:
        return self.passed

    def __repr__(self) -> str:
        return f"<Audit {self.line}>"

    def save(self, folder: str | PathLike[str]) -> list[Path]:
        """Write `audit.json` and every installed report into a folder, which is made: all or none; their paths."""
        return write_folder(self, Path(folder))

    def render(self, folder: str | PathLike[str]) -> list[Path]:
        """Write the reports alone; their paths."""
        return render_reports(self, Path(folder))

    def summary(self) -> str:
        """The report's first screen as text."""
        return _summary(self, "terminal", self.line)

    def show(self, file: TextIO | None = None) -> None:
        """Print the report's first screen (None: on standard output), in colours where that is a terminal."""
        _show(self, "terminal", self.line, file)

    def to_json(self) -> str:
        """The record as it is written to `audit.json`."""
        return audit_bytes(self).decode()

    def _repr_html_(self) -> str | None:
        return _notebook(self)


class SeedAudit(seed_record.SeedAudit, frozen=True, kw_only=True):
    """The record of one seed audit; true where it passed. A notebook shows its first screen.

    What it holds beside these methods is in `parity/records/seed_audit.py`.

        audit = parity.seeds(["hf:fixtures/port", "hf:fixtures/port?batch_size=1"], "fixtures/reviews.jsonl")
        assert isinstance(audit, parity.SeedAudit)
        print([run.standing for run in audit.runs])      # one model twice is one run
    """

    @property
    def passed(self) -> bool:
        """Whether what was required is shown: `stable`, `equivalent`, inside the margin, or an `inconclusive` that was allowed."""
        return self.exit_code == 0

    @property
    def line(self) -> str:
        """The result in one line: the headline, which begins with the verdict."""
        return shown_paths(self).headline

    def __bool__(self) -> bool:
        return self.passed

    def __repr__(self) -> str:
        return f"<SeedAudit {self.line}>"

    def save(self, folder: str | PathLike[str]) -> list[Path]:
        """Write `audit.json` and every installed report into a folder, which is made: all or none; their paths."""
        return write_seed_folder(self, Path(folder))

    def render(self, folder: str | PathLike[str]) -> list[Path]:
        """Write the reports alone; their paths."""
        return render_seed_reports(self, Path(folder))

    def summary(self) -> str:
        """The report's first screen as text."""
        return _summary(self, "seeds", self._plain())

    def show(self, file: TextIO | None = None) -> None:
        """Print the report's first screen (None: on standard output), in colours where that is a terminal."""
        _show(self, "seeds", self._plain(), file)

    def to_json(self) -> str:
        """The record as it is written to `audit.json`."""
        return seed_audit_bytes(self).decode()

    def _plain(self) -> str:
        return "\n".join([self.line, *(finding.sentence for finding in self.findings)])

    def _repr_html_(self) -> str | None:
        return _notebook(self)


def load_audit(path: str | PathLike[str]) -> Audit | SeedAudit:
    """The audit in an `audit.json`, or in the folder that holds one.

    Raises RecordError with the reason where there is none.

        parity.compare("hf:fixtures/port", "hf:fixtures/port").save("audits/kept")
        assert parity.load_audit("audits/kept").verdict == "parity"
    """
    place = audit_file(path)
    record = load_record(place)
    return as_audit(record) if isinstance(record, pair_record.Audit) else as_seed_audit(record)


def audit_file(path: str | PathLike[str]) -> Path:
    """The `audit.json` that a path names: itself, or the one in that folder."""
    return Path(path) / "audit.json" if Path(path).is_dir() else Path(path)


def as_audit(record: pair_record.Audit) -> Audit:
    """A comparison's record as the caller gets it."""
    return Audit(**_fields(record))


def as_seed_audit(record: seed_record.SeedAudit) -> SeedAudit:
    """A seed audit's record as the caller gets it."""
    return SeedAudit(**_fields(record))


def _fields(record: msgspec.Struct) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__struct_fields__}


def _installed(name: str) -> EntryPoint | None:
    return next(iter(entry_points(group=_GROUP, name=name)), None)


def _summary(audit: msgspec.Struct, name: str, without: str) -> str:
    """The first screen that an installed report makes; `without` where none is installed."""
    entry = _installed(name)
    if entry is None:
        return without
    from io import StringIO

    from rich.console import Console

    text = StringIO()
    entry.load()(shown_paths(audit), Console(file=text, width=_COLUMNS))
    return text.getvalue().rstrip("\n")


def _show(audit: msgspec.Struct, name: str, without: str, file: TextIO | None) -> None:
    entry = _installed(name)
    if entry is None:
        print(without, file=file or sys.stdout)
        return
    from rich.console import Console

    entry.load()(shown_paths(audit), Console(file=file))


def _notebook(audit: msgspec.Struct) -> str | None:
    """The first screen as HTML; None where no installed report makes one, which a notebook then shows as text."""
    entry = _installed("notebook")
    if entry is None:
        return None
    html: str = entry.load()(shown_paths(audit))
    return html
