"""The command line: parse, call, print, exit. It decides nothing, and imports what a command needs when it runs.

Exit codes: 0 parity or equivalent; 1 divergent, or something was not comparable; 2 the input was wrong; 3 a run failed.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from parity.audit import Audit
    from parity.environment import Managed
    from parity.errors import ParityError
    from parity.inputs import Inputs
    from parity.subject import Subject

__all__ = ["main"]

_Command = TypeVar("_Command", bound=Callable[..., Any])
_FAILED = 3
_INTERRUPTED = 130

_SUBJECT_HELP = "A subject is scheme:locator@interpreter?option=value, such as hf:./model, allennlp:model.tar.gz, trace:x.trace."


def _inputs_options(command: _Command) -> _Command:
    """The options that say what the subjects are asked with."""
    for option in reversed(
        (
            click.option(
                "--inputs",
                "inputs_path",
                metavar="FILE",
                help=".txt .jsonl .csv .tsv .parquet, or - for stdin.",
            ),
            click.option("--text-column", metavar="NAME", help="Column of the text."),
            click.option("--pair-column", metavar="NAME", help="Column of the second text."),
            click.option("--label-column", metavar="NAME", help="Column of the label."),
            click.option("--id-column", metavar="NAME", help="Column of the id."),
            click.option("--limit", type=int, metavar="N", help="Only the first N examples."),
            click.option("--encoding", default="utf-8", show_default=True, help="Encoding of the inputs."),
        )
    ):
        command = option(command)
    return command


def _running_options(command: _Command) -> _Command:
    """The options that say how to run."""
    for option in reversed(
        (
            click.option(
                "--timeout",
                type=float,
                default=600.0,
                show_default=True,
                help="Seconds a runner may be silent.",
            ),
            click.option("--quiet", is_flag=True, help="No progress; the verdict only."),
        )
    ):
        command = option(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="parity-audit", prog_name="parity")
def parity() -> None:
    """Do two runs of "the same" model say the same thing? If not: where do they part, why, by how much, does it matter?"""


@parity.command(epilog=_SUBJECT_HELP)
@click.argument("reference")
@click.argument("candidate")
@_inputs_options
@click.option(
    "--policy", default="faithful", show_default=True, help="faithful, decisions, bitwise, or a .toml file."
)
@click.option(
    "--temperature", "temperatures", type=float, multiple=True, default=(1.0,), show_default=True, metavar="T"
)
@click.option("--detail", is_flag=True, help="Also attention and MLP of each layer.")
@click.option(
    "--sample", type=click.IntRange(1), default=32, show_default=True, help="Rows for the noise floor."
)
@click.option(
    "--out",
    "folder",
    default="parity-audit",
    show_default=True,
    metavar="FOLDER",
    help="Where the audit goes.",
)
@_running_options
def compare(
    reference: str,
    candidate: str,
    policy: str,
    temperatures: tuple[float, ...],
    detail: bool,
    sample: int,
    folder: str,
    timeout: float,
    quiet: bool,
    **inputs: Any,
) -> int:
    """Compare two subjects: REFERENCE against CANDIDATE."""
    from parity import compare as comparing
    from parity.pair import Pair
    from parity.policy import load_policy
    from parity.rendering import write_folder
    from parity.subject import parse_subject
    from parity.watching import watch

    subjects = Pair(parse_subject(reference), parse_subject(candidate))
    _positive(temperatures)
    asked = load_policy(policy)
    limited = inputs["limit"] is not None
    with _workdir() as workdir, watch(quiet) as progress:
        request = comparing.Request(
            subjects=subjects,
            inputs=_inputs(inputs, subjects, workdir),
            policy=asked,
            temperatures=tuple(dict.fromkeys(temperatures)),
            detail=detail,
            sample=sample,
            timeout=timeout,
            command=_command(),
            limited=limited,
        )
        audit = comparing.compare(request, progress)
    written = write_folder(audit, Path(folder))
    _summarise(audit, written, quiet)
    return audit.exit_code


@parity.command(epilog=_SUBJECT_HELP)
@click.argument("subject")
@_inputs_options
@click.option("--out", required=True, metavar="PATH.trace", help="The folder to make.")
@click.option("--outputs-only", is_flag=True, help="Keep logits only.")
@click.option(
    "--full-rows", type=click.IntRange(0), metavar="N", help="Keep all stages for the first N rows only."
)
@click.option("--force", is_flag=True, help="Replace a trace that is there.")
@_running_options
def record(
    subject: str,
    out: str,
    outputs_only: bool,
    full_rows: int | None,
    force: bool,
    timeout: float,
    quiet: bool,
    **inputs: Any,
) -> int:
    """Record what SUBJECT says at every stage, as a trace that can be compared later."""
    from parity.record import record as record_trace
    from parity.subject import parse_subject
    from parity.watching import watch

    parsed = parse_subject(subject)
    with _workdir() as workdir, watch(quiet) as progress:
        chosen = _inputs(inputs, (parsed,), workdir)
        digest = record_trace(
            parsed,
            chosen,
            Path(out),
            outputs_only=outputs_only,
            full_rows=full_rows,
            force=force,
            timeout=timeout,
            progress=progress,
        )
    if not quiet:
        click.echo(f"{out}  {digest}\nCompare with it: parity compare trace:{out} OTHER")
    return 0


@parity.command(epilog=_SUBJECT_HELP)
@click.argument("subject")
@_running_options
def inspect(subject: str, timeout: float, quiet: bool) -> int:
    """Open SUBJECT and show how it describes itself."""
    from parity.inspecting import inspect_subject
    from parity.subject import parse_subject
    from parity.watching import watch

    with watch(quiet) as progress:
        lines = inspect_subject(parse_subject(subject), timeout=timeout, progress=progress)
    click.echo("\n".join(lines))
    return 0


@parity.command()
@click.argument("audit", type=click.Path())
@click.option("--out", "folder", metavar="FOLDER", help="Where the reports go [the audit's own folder].")
@click.option("--quiet", is_flag=True)
def report(audit: str, folder: str | None, quiet: bool) -> int:
    """Render the reports of an AUDIT (audit.json, or its folder) again; nothing is run."""
    from parity.audit import load_audit
    from parity.rendering import render_reports

    path = Path(audit) / "audit.json" if Path(audit).is_dir() else Path(audit)
    loaded = load_audit(path)
    written = render_reports(loaded, Path(folder) if folder else path.parent)
    _summarise(loaded, written, quiet)
    return loaded.exit_code


@parity.group()
def env() -> None:
    """The environments that parity builds and keeps."""


@env.command("list")
def env_list() -> int:
    """Which there are, whether they are built, how large, and where."""
    from parity.managed import listing

    for item in listing(_declared().values()):
        size = "" if item.size is None else f"{item.size / 1e9:.1f} GB"
        old = "" if item.current else " (no longer asked for)"
        click.echo(f"{item.name:24} {item.state + old:12} {size:>8}  {item.path}")
    return 0


@env.command("build")
@click.argument("name")
@click.option("--quiet", is_flag=True, help="Say nothing but the interpreter's path.")
def env_build(name: str, quiet: bool) -> int:
    """Build an environment now, if it is not there; prints its interpreter."""
    from parity.managed import ensure

    interpreter = ensure(
        _managed(name), on_progress=lambda what: None if quiet else click.echo(what, err=True)
    )
    click.echo(str(interpreter))
    return 0


@env.command("remove")
@click.argument("name")
def env_remove(name: str) -> int:
    """Remove an environment from the disk."""
    from parity.managed import listing, remove

    folders = [item.path for item in listing(_declared().values()) if item.name == name]
    if not folders:
        _managed(name)
    removed = [remove(folder, on_progress=lambda what: click.echo(what, err=True)) for folder in folders]
    click.echo(f"Removed {name}." if any(removed) else f"{name} is not built.")
    return 0


@env.command("path")
@click.argument("name")
def env_path(name: str) -> int:
    """Where an environment is, or would be."""
    from parity.managed import path

    click.echo(str(path(_managed(name))))
    return 0


def _declared() -> dict[str, Managed]:
    """The environments that the installed adapters declare, by name."""
    from parity.adapter import adapters
    from parity.environment import Managed

    found = [adapter.environment for adapter in adapters().values()]
    return {item.name: item for item in found if isinstance(item, Managed)}


def _managed(name: str) -> Managed:
    from parity.errors import EnvironmentNotBuilt

    declared = _declared()
    if name not in declared:
        raise EnvironmentNotBuilt(
            f"No adapter has an environment called {name!r}.",
            next_step=f"There are: {', '.join(declared) or 'none'}.",
        )
    return declared[name]


def main() -> None:
    """The entry point: every ParityError becomes a sentence and its exit code."""
    try:
        code = parity.main(standalone_mode=False)
    except click.exceptions.Abort:
        code = _INTERRUPTED
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except click.exceptions.Exit as exit_:
        code = exit_.exit_code
    except KeyboardInterrupt:
        click.echo("Interrupted; nothing was left running.", err=True)
        code = _INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:
        code = _explain(error)
    sys.exit(code if isinstance(code, int) else 0)


def _explain(error: Exception) -> int:
    from parity.errors import ParityError

    if not isinstance(error, ParityError):
        raise error
    click.echo(_sentence(error), err=True)
    if error.detail and os.environ.get("PARITY_TRACEBACK"):
        click.echo(error.detail, err=True)
    elif error.detail and "Traceback" in error.detail:
        click.echo("Set PARITY_TRACEBACK=1 to see where the framework raised.", err=True)
    return error.exit_code


def _sentence(error: ParityError) -> str:
    step = f"\n  {error.next_step}" if error.next_step else ""
    return f"parity: {error.sentence}{step}\n  [{error.slug}]"


def _positive(temperatures: tuple[float, ...]) -> None:
    from parity.errors import UsageError

    wrong = next((value for value in temperatures if not 0 < value < float("inf")), None)
    if wrong is not None:
        raise UsageError(f"--temperature {wrong:g} is not a temperature.", next_step="Give a number above 0.")


def _inputs(options: dict[str, Any], subjects: tuple[Subject, ...], workdir: Path) -> Inputs | None:
    """The inputs named; else those an artifact brings along; else None, for the built-in probes."""
    from parity.adapter import find_adapter
    from parity.inputs import open_inputs

    path = options.pop("inputs_path")
    adapters = [find_adapter(subject) for subject in subjects]
    if path is None:
        for subject, adapter in zip(subjects, adapters, strict=True):
            own = adapter.own_inputs(subject, workdir) if adapter.own_inputs is not None else None
            if own is not None:
                return open_inputs(str(own), limit=options["limit"], source=str(subject))
        return None
    return open_inputs(path, **options)


def _workdir() -> Any:
    import contextlib
    import tempfile

    @contextlib.contextmanager
    def folder() -> Any:
        with tempfile.TemporaryDirectory(prefix="parity-") as name:
            yield Path(name)

    return folder()


def _summarise(audit: Audit, written: list[Path], quiet: bool) -> None:
    if quiet:
        click.echo(f"{audit.verdict}: {audit.headline}")
        return
    from importlib.metadata import entry_points

    from rich.console import Console

    for entry in entry_points(group="parity.summaries", name="terminal"):
        entry.load()(audit, Console())
    click.echo("Written: " + "  ".join(str(path) for path in written))


def _command() -> str:
    return shlex.join(["parity", *sys.argv[1:]])
