"""How a command ends: with its exit code, and where it did not work, with one sentence and the next step on stderr.

Everything that can stop a command passes through `run`: a ParityError, typer's errors about the command line, a
signal, a device that is full, and a mistake of parity's own. A traceback is shown where PARITY_TRACEBACK is set, only.

Exit codes beside a command's own: 2 and 3 as the errors have them, 128 + the signal's number where a signal ended it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Generator
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import typer

from parity.errors import InternalError, OutOfSpace, ParityError, RunError, RunnerRaised, UsageError

__all__ = ["Stopped", "listened_to", "run"]

_LONGEST_SENTENCE = 600
_TIDYING = 3.0  # seconds in which a second Ctrl-C counts as the first one, so that it does not interrupt the clean-up
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """A signal that ends the command: it unwinds like any exception, so that processes are ended and files removed."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def run(command: Callable[[], object], failed: Callable[[ParityError], object] | None = None) -> NoReturn:
    """Run a command and exit: with the code it returns (0 where it returns none), or with what stopped it.

    `failed` gets the error that stopped it, its texts as they were printed, once they were.
    """
    if sys.stdout is None:  # closed by the caller (>&-)
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as the process
    code = 0
    try:
        with _signals(), listened_to():
            result = command()
            code = result if isinstance(result, int) else 0
    except Stopped as stopped:
        name = signal.Signals(stopped.number).name
        _say(f"parity: Stopped by {name}; nothing was left running or half written.")
        code = 128 + stopped.number
    except Exception as error:  # noqa: BLE001 - the last one to see it
        code = _explain(error, failed)
    try:
        sys.stdout.flush()
    except OSError:
        _silence()
    sys.exit(code)


@contextlib.contextmanager
def listened_to() -> Generator[None]:
    """Ignores a closed pipe while printing (`| head -1`): the exit code stays what it is."""
    try:
        yield
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):  # typer and rich raise the latter instead
        _silence()


def _silence() -> None:
    """Discard what is still in the buffer, which would be an error at the end of the interpreter."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)


@contextlib.contextmanager
def _signals() -> Generator[None]:
    """A signal becomes Stopped while this lasts; one that was ignored (nohup, say) stays so."""
    first = 0.0

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal first
        now = time.monotonic()
        if first and now - first < _TIDYING:
            return
        first = now
        raise Stopped(number)

    before = {each: signal.getsignal(each) for each in _SIGNALS}
    for each, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(each, stop)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _explain(error: Exception, failed: Callable[[ParityError], object] | None) -> int:
    known = _known(error)
    known.sentence, known.next_step = _plain(known.sentence), _plain(known.next_step)
    step = f"\n  {known.next_step}" if known.next_step else ""
    _say(f"parity: {known.sentence}{step}\n  [{known.slug}]")
    wanted = os.environ.get("PARITY_TRACEBACK", "") not in ("", "0")
    if known.detail and wanted:
        _say(known.detail)
    elif "Traceback" in known.detail and isinstance(known, RunnerRaised):
        _say("  Set PARITY_TRACEBACK=1 to see where the framework raised.")
    if failed is not None:
        _pass_on(known, failed)
    return known.exit_code


def _pass_on(known: ParityError, failed: Callable[[ParityError], object]) -> None:
    try:
        failed(known)
    except Exception as error:  # noqa: BLE001 - the exit code is that of the first error
        reason = error.sentence if isinstance(error, ParityError) else f"{type(error).__name__}: {error}"
        if reason != known.sentence:  # which may be that nothing can be written there
            _say(f"parity: No report of this could be written. {_plain(reason)}")


def _known(error: Exception) -> ParityError:
    """The error as one of parity's own."""
    if isinstance(error, typer.Abort) and isinstance(error.__cause__, Exception):
        error = error.__cause__  # typer takes an EOFError for an abort by the user
    if isinstance(error, ParityError):
        return error
    if isinstance(error, typer.TyperException):
        return _of_the_command_line(error)
    story = "".join(traceback.format_exception(error))
    if isinstance(error, MemoryError):
        return RunError(
            "parity ran out of memory.",
            next_step="Free some memory, or use less at a time: --sample 8, ?batch_size=1.",
            detail=story,
        )
    if isinstance(error, OSError) and error.errno is not None:
        return _of_the_system(error, story)
    where = traceback.extract_tb(error.__traceback__)[-1]
    return InternalError(
        f"parity has a defect: {type(error).__name__}: {error} ({Path(where.filename).name}, line {where.lineno}).",
        next_step="Please report it, with the command and with what PARITY_TRACEBACK=1 shows.",
        detail=story,
    )


def _of_the_system(error: OSError, story: str) -> ParityError:
    place = f" ({os.fsdecode(error.filename)})" if isinstance(error.filename, str | bytes) else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OutOfSpace(
            f"No space is left on a device that was written to{place or ' (standard output, or the temporary folder)'}.",
            next_step="Free some space, or name other folders: --out FOLDER, TMPDIR=FOLDER, PARITY_SLOTS=FOLDER.",
            detail=story,
        )
    return RunError(
        f"The system refused: {error.strerror}{place}.",
        next_step="Fix that and run again; PARITY_TRACEBACK=1 shows what was being done.",
        detail=story,
    )


def _of_the_command_line(error: typer.TyperException) -> UsageError:
    """typer's errors in parity's words. typer's error classes are private, so they are recognised by their attributes."""
    context: Any = getattr(error, "ctx", None)
    parameter: Any = getattr(error, "param", None)
    name = context.command_path if context is not None else "parity"
    sentence, step = error.format_message().strip(), f"See {name} --help."
    if hasattr(error, "possibilities"):  # no such option
        near: list[str] = sorted(getattr(error, "possibilities") or ())  # noqa: B009
        sentence = f"{name} has no option {getattr(error, 'option_name', '')}."
        step = f"Did you mean {' or '.join(near)}? {step}" if near else step
    elif (
        hasattr(error, "param_type") and parameter is not None and context is not None
    ):  # one that is missing
        if parameter.param_type_name == "option":
            step = f"Add {parameter.opts[0]} {parameter.metavar or '…'}. {step}"
        else:
            if parameter.nargs != 1:
                sentence = f"Missing argument '{parameter.metavar}...'."
            step = f"Write {' '.join(context.get_usage().removeprefix('Usage: ').split())}. {step}"
    elif "extra argument" in sentence:
        one = " " not in sentence.partition("(s) (")[2]
        sentence = sentence.replace("argument(s)", "argument" if one else "arguments") + "."
        step = f"Put a subject with a space in it in quotes. {step}"
    return UsageError(sentence if sentence.endswith(".") else f"{sentence}.", next_step=step)


def _plain(text: str) -> str:
    """One line of untrusted text: without line breaks or terminal control characters, and of limited length."""
    line = " ".join(text.split())
    shown = "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape", "surrogatepass").decode()
        for letter in line
    )
    return shown if len(shown) <= _LONGEST_SENTENCE else f"{shown[: _LONGEST_SENTENCE - 2]} …"


def _say(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):  # stderr is closed: only the exit code reports it
        typer.echo(text, err=True)
