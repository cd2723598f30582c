"""The command line: parse, call, print, exit. It decides nothing, and imports what a command needs when it runs.

Exit codes: 0 parity or equivalent; 1 divergent, inconclusive, or something was not comparable; 2 the input was wrong; 3 a run
failed.
"""

from __future__ import annotations

import shlex
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from parity.cli import exit as ending
from parity.cli.env import env
from parity.cli.options import Commands, at_least, inputs_options, running_options, temperature
from parity.cli.out_folder import OutFolder
from parity.cli.seeds import say_seeds, seeds
from parity.errors import UsageError

if TYPE_CHECKING:
    from parity.records.audit import Audit

__all__ = ["main"]

_SUBJECT_HELP = """\b
A subject is scheme:locator@interpreter?option=value&option=value, in quotes:
  hf:./model                           a folder, or a hub id
  allennlp:model.tar.gz                an archive, run by AllenNLP itself
  "hf:./model@/envs/old/bin/python"    the same in another interpreter
  "hf:./model?dtype=bfloat16"          a variant of it
  trace:x.trace  outputs:theirs.npz    what was recorded, or what another system said
"""
_EXIT_CODES = """\b
Exit code: 0 parity or equivalent; 1 divergent, inconclusive, or something was not comparable;
2 what was typed or given is wrong; 3 a run failed.
"""


@click.group(
    cls=Commands,
    epilog=_EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(package_name="parity-audit", prog_name="parity")
def parity() -> None:
    """Do two runs of "the same" model say the same thing? If not: where do they part, why, by how much, does it matter?"""


@parity.command(epilog=_SUBJECT_HELP)
@click.argument("reference")
@click.argument("candidate")
@inputs_options
@click.option(
    "--policy",
    metavar="NAME",
    default="faithful",
    show_default=True,
    help="What is required: faithful, decisions, bitwise, or a .toml file.",
)
@click.option(
    "--ignore",
    multiple=True,
    metavar="STAGE",
    help="A stage, or a pattern such as 'layer.*', that is measured and does not count; may be given several times.",
)
@click.option("--allow-inconclusive", is_flag=True, help="Exit 0 where the rows cannot settle it.")
@click.option(
    "--temperature",
    "temperatures",
    type=temperature,
    multiple=True,
    default=(1.0,),
    show_default=True,
    metavar="T",
    help="A temperature to compare probabilities at, besides 1; may be given several times.",
)
@click.option("--detail", is_flag=True, help="Also attention and MLP of each layer.")
@click.option(
    "--sample",
    type=at_least(1),
    metavar="N",
    default=32,
    show_default=True,
    help="Examples that the noise floor is measured on.",
)
@click.option(
    "--seeds",
    "seed_audit",
    metavar="AUDIT",
    help="An audit.json of parity seeds: say the differences beside those of seeds.",
)
@click.option(
    "--out",
    "folder",
    default="parity-audit",
    show_default=True,
    metavar="FOLDER",
    help="Where the audit goes.",
)
@running_options
@click.pass_obj
def compare(
    out: OutFolder | None,
    /,
    reference: str,
    candidate: str,
    policy: str,
    ignore: tuple[str, ...],
    allow_inconclusive: bool,
    temperatures: tuple[float, ...],
    detail: bool,
    sample: int,
    seed_audit: str | None,
    folder: str,
    timeout: float,
    quiet: bool,
    **inputs: Any,
) -> int:
    """Compare two subjects: REFERENCE against CANDIDATE."""
    from parity.audit_folder import check_folder, write_folder
    from parity.cli.progress import watch
    from parity.inputs.spec import InputsSpec
    from parity.pair_audit import run as comparing
    from parity.pair_audit.policy import load_policy, with_options
    from parity.records.pair import Pair
    from parity.records.seed_audit import load_seed_audit
    from parity.subjects.subject import parse_subject

    if out is not None:  # the command by itself, without `main`
        out.empty(Path(folder), kept=[_audit_file(seed_audit)] if seed_audit is not None else [])
    subjects = Pair(parse_subject(reference), parse_subject(candidate))
    asked = with_options(load_policy(policy), ignore=ignore, allow_inconclusive=allow_inconclusive)
    seeds_known = load_seed_audit(_audit_file(seed_audit)) if seed_audit is not None else None
    check_folder(Path(folder))
    with watch(quiet) as progress:
        request = comparing.Request(
            subjects=subjects,
            inputs=InputsSpec(**inputs),
            policy=asked,
            temperatures=tuple(dict.fromkeys(temperatures)),
            detail=detail,
            sample=sample,
            timeout=timeout,
            command=_typed(),
        )
        if seed_audit is not None and seeds_known is not None:
            from parity.pair_audit.seed_alike import check_alike

            request = request._replace(check=partial(check_alike, seeds=seeds_known, named=seed_audit))
        audit = comparing.compare(request, progress)
    if seed_audit is not None and seeds_known is not None:
        from parity.pair_audit.seed_scale import beside_seeds

        audit = beside_seeds(audit, seeds_known, seed_audit)
    written = write_folder(audit, Path(folder))
    _summarise(audit, written, quiet)
    return audit.exit_code


@parity.command(epilog=_SUBJECT_HELP)
@click.argument("subject")
@inputs_options
@click.option("--out", required=True, metavar="PATH.trace", help="The folder to make.")
@click.option("--outputs-only", is_flag=True, help="Keep logits only.")
@click.option("--full-rows", type=at_least(0), metavar="N", help="Keep all stages for the first N rows only.")
@click.option("--force", is_flag=True, help="Replace a trace that is there.")
@running_options
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
    """Record what SUBJECT says as a trace, to compare with later."""
    from parity.cli.progress import watch
    from parity.inputs.spec import InputsSpec
    from parity.subjects.subject import parse_subject
    from parity.trace.record import RecordRequest
    from parity.trace.record import record as record_trace

    request = RecordRequest(
        parse_subject(subject),
        InputsSpec(**inputs),
        Path(out),
        outputs_only=outputs_only,
        full_rows=full_rows,
        force=force,
        timeout=timeout,
    )
    with watch(quiet) as progress:
        digest = record_trace(request, progress)
    if not quiet:
        with ending.listened_to():
            click.echo(f"{out}  {digest}\nCompare with it: parity compare trace:{out} OTHER")
    return 0


@parity.command(epilog=_SUBJECT_HELP)
@click.argument("subject")
@running_options
def inspect(subject: str, timeout: float, quiet: bool) -> int:
    """Open SUBJECT and show how it describes itself."""
    from parity.cli.progress import watch
    from parity.inspection import inspect_subject
    from parity.subjects.subject import parse_subject

    with watch(quiet) as progress:
        found = inspect_subject(parse_subject(subject), timeout=timeout, progress=progress)
    with ending.listened_to():
        click.echo(str(found))
    return 0


@parity.command()
@click.argument("audit", type=click.Path())
@click.option(
    "--out", "folder", metavar="FOLDER", help="Where the reports go.  [default: the audit's folder]"
)
@click.option("--quiet", is_flag=True, help="The result in one line.")
def report(audit: str, folder: str | None, quiet: bool) -> int:
    """Render an AUDIT's reports again; nothing is run.

    AUDIT is an audit.json, or the folder that holds it.
    """
    from parity.audit_folder import check_folder, render_reports, render_seed_reports
    from parity.records.audit import Audit
    from parity.records.document import load_record

    path = _audit_file(audit)
    loaded = load_record(path)
    place = Path(folder) if folder else path.parent
    check_folder(place)
    if isinstance(loaded, Audit):
        _summarise(loaded, render_reports(loaded, place), quiet)
    else:
        say_seeds(loaded, render_seed_reports(loaded, place), quiet)
    return loaded.exit_code


parity.add_command(env)
parity.add_command(seeds)


def main() -> None:
    """The entry point: every error becomes a sentence and its exit code."""
    out = OutFolder(parity, sys.argv[1:])
    ending.run(lambda: _command(out), out.fail)


def _command(out: OutFolder) -> object:
    for argument in sys.argv[1:]:
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise UsageError(
                f"The argument {argument!r} is not text: it holds bytes that are not UTF-8.",
                next_step="Give the file another name.",
            ) from None
    return parity.main(prog_name="parity", standalone_mode=False, obj=out)


def _audit_file(name: str) -> Path:
    return Path(name) / "audit.json" if Path(name).is_dir() else Path(name)


def _summarise(audit: Audit, written: list[Path], quiet: bool) -> None:
    from parity.records.shown_paths import shown_paths

    audit = shown_paths(audit)
    with ending.listened_to():
        if quiet:
            said = audit.headline.lower().startswith(audit.verdict)
            click.echo(audit.headline if said else f"{audit.verdict}: {audit.headline}")
            return
        from importlib.metadata import entry_points

        from rich.console import Console

        for entry in entry_points(group="parity.summaries", name="terminal"):
            entry.load()(audit, Console())
        click.echo("Written: " + "  ".join(shown_paths([str(path) for path in written])))


def _typed() -> str:
    return shlex.join(["parity", *sys.argv[1:]])
