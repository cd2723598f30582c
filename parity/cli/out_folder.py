"""The folder of a command's audit where the command ends without one: no file of an earlier run stays there as if it were the result.

At the start of an audit the files of the last one are removed. Where the command ends with exit code 2 or 3, two reports show it:
`junit.xml` with one error, and a short `summary.md`. The command line is read here a second time, by the options that the command
has, since what is wrong may be the command line itself.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from parity.cli.commands import LazyCommands
    from parity.errors import ParityError

__all__ = ["OutFolder", "prepare"]

_OURS = b'<testsuites name="parity"'  # how a junit.xml of parity's begins, after the XML declaration
_AUDITS: dict[str, Literal["compare", "seeds"]] = {"compare": "compare", "seeds": "seeds"}


class _Place(NamedTuple):
    """Where the audit was to go, as the command line names it; `named` where it does so by an option."""

    command: str
    folder: Path
    named: bool


def prepare(out: object, folder: Path, *, kept: str | None = None) -> None:
    """Begin an audit that goes to `folder`: the last one there is removed, all but the file or folder `kept` that this command
    reads, and whether it can be written is found out. `out` is what `main` hands to a command (None: the command by itself).
    """
    from parity.records.audit_folder import check_folder

    if isinstance(out, OutFolder):
        out.empty(folder, kept=[] if kept is None else [Path(kept), Path(kept) / "audit.json"])
    check_folder(folder)


class OutFolder:
    """The folder of one command's audit, from the start of the command to its end."""

    def __init__(self, group: LazyCommands, arguments: Sequence[str]) -> None:
        self._group, self._arguments = group, arguments
        self._started, self._clock = datetime.now(UTC), time.monotonic()
        self._emptied = False

    def empty(self, folder: Path, *, kept: Iterable[Path] = ()) -> None:
        """Remove the last audit from the folder; `kept` is what this command reads there. Other files stay."""
        from parity.records.audit_folder import clear_folder

        with suppress(OSError):  # what cannot be removed cannot be written either, which is found out next
            clear_folder(folder, kept=kept)
        self._emptied = True

    def fail(self, error: ParityError) -> list[Path]:
        """Write what ended the command, where its audit was to go; the paths, none where that is not known.

        A folder that is there by default only is made for a run that failed, and not for a mistake in what was typed.
        Raises what writing raises.
        """
        place = self._place()
        if place is None:
            return []
        from parity.records.audit_folder import FILES, check_folder, clear_folder, write_failure
        from parity.records.failure import Failure

        audits = place.command in _AUDITS
        if not audits and not _is_ours(place.folder / "junit.xml"):
            return []  # `report`, or a command that there is not: another's folder, as far as is known
        if not place.named and error.exit_code == 2 and not place.folder.is_dir():
            return []
        if not self._emptied:
            clear_folder(place.folder, FILES if audits else FILES[1:])
        check_folder(place.folder)  # for the reason where it cannot be
        failure = Failure(
            audited=_AUDITS.get(place.command, "compare"),
            slug=error.slug,
            sentence=" ".join(error.sentence.split()),
            next_step=" ".join(error.next_step.split()),
            exit_code=error.exit_code,
            command=shlex.join(["parity", *self._arguments]),
            started=self._started.isoformat(timespec="seconds"),
            seconds=round(time.monotonic() - self._clock, 3),
        )
        return write_failure(failure, place.folder)

    def _place(self) -> _Place | None:
        rest = list(self._arguments)
        while rest and rest[0].startswith("-"):
            rest.pop(0)
        if not rest:
            return None
        name, rest = rest[0], rest[1:]
        command = self._group.named(name)
        if command is not None and name not in {*_AUDITS, "report"}:
            return None
        parameters = (command or self._group.named("compare")).params
        options = [item for item in parameters if item.param_type_name == "option"]
        values, others = _read(rest, options)
        if "--out" in values:
            return _Place(name, Path(values["--out"]), named=True)
        if name in _AUDITS:
            default = next(option.default for option in options if "--out" in option.opts)
            return _Place(name, Path(str(default)), named=False)
        if name == "report" and others:
            audit = Path(others[0])
            return _Place(name, audit if audit.is_dir() else audit.parent, named=True)
        return None


def _read(arguments: Sequence[str], options: Sequence[Any]) -> tuple[dict[str, str], list[str]]:
    """The values of the options, the last one of each, and the arguments that are not options; unknown options have no value."""
    takes = {name for option in options if not option.is_flag for name in option.opts}
    values: dict[str, str] = {}
    others: list[str] = []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if word == "--":
            others += rest
            break
        if equals and name in takes:
            values[name] = value
        elif word in takes:
            values[word] = rest.pop(0) if rest else ""
        elif not word.startswith("-") or word == "-":
            others.append(word)
    return {name: value for name, value in values.items() if value}, others


def _is_ours(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return _OURS in file.read(200)
    except OSError:
        return False
