"""`parity.compare`: a comparison of two subjects, from Python."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from os import PathLike, fspath
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypedDict, Unpack

from parity.api.audits import Audit, as_audit, audit_file
from parity.api.call import Call, known_settings
from parity.api.given import Given, given_inputs
from parity.api.values import checked, checked_temperatures, one_of, positive, whole
from parity.pair_audit import run
from parity.pair_audit.pairing import read_pairs
from parity.pair_audit.policy import load_policy, with_options
from parity.pair_audit.seed_alike import check_alike
from parity.pair_audit.seed_scale import beside_seeds
from parity.records.pair import Pair
from parity.records.seed_audit import load_seed_audit
from parity.subjects.progress import OnProgress, unwatched
from parity.subjects.subject import parse_subject

__all__ = ["PairSettings", "compare"]


class PairSettings(TypedDict, total=False):
    """The optional settings of a comparison, named as the command line's options.

    `ignore`: stages, by name or pattern, that are measured and do not count. `allow_inconclusive`: whether rows that cannot
    settle it pass. `temperatures`: that probabilities are compared at, besides 1. `depth`: whether a "module" is named
    that has an error of its own, or a "layer" at least. `generate`: also generate texts of so many new tokens at most, on the examples of the sample (0: none). `sample`: examples that the noise floor is measured on. `seeds`: the audit.json of a seed audit, to give the
    differences beside those of seeds. `map`: a file that `pairing` wrote, of which stage, module and parameter is which. `timeout`: seconds that a model's process may be silent. `command`: what the record
    says was called.
    """

    ignore: Sequence[str]
    allow_inconclusive: bool
    temperatures: Sequence[float]
    depth: str
    generate: int
    sample: int
    seeds: str | PathLike[str] | None
    map: str | PathLike[str] | None
    timeout: float
    command: str


def compare(
    reference: str,
    candidate: str,
    inputs: Given = None,
    *,
    policy: str | PathLike[str] = "faithful",
    progress: OnProgress | None = None,
    **settings: Unpack[PairSettings],
) -> Audit:
    """Compare two subjects and return the audit; nothing is written.

        audit = parity.compare("hf:fixtures/port", "hf:fixtures/port?attn=eager", ["a text", "another text"])
        assert audit, audit.headline

    inputs: a path, an `InputsSpec` (a path with its columns and a limit), a list of texts, a list of dicts by column, or None:
    the inputs that a subject brings along, else the built-in probes. policy: `faithful`, `decisions`, `bitwise`, or the path of
    a `.toml` file. progress: is called with a `Progress` (what, done, total or None), from several threads. The other settings are those of
    `PairSettings`. Raises a ParityError where the comparison cannot be run; a subject that fails on the way is in the audit.
    """
    known_settings("compare", settings, PairSettings.__annotations__)
    subjects = Pair(parse_subject(reference), parse_subject(candidate))
    required = with_options(
        load_policy(fspath(policy)),
        ignore=settings.get("ignore", ()),
        allow_inconclusive=settings.get("allow_inconclusive", False),
    )
    named = settings.get("seeds")
    seeds = None if named is None else load_seed_audit(audit_file(named))
    mapped = settings.get("map")
    call = Call("compare", (reference, candidate), {"inputs": inputs, "policy": policy, **settings})
    with TemporaryDirectory(prefix="parity-") as folder:
        request = run.Request(
            subjects=subjects,
            inputs=given_inputs(inputs, Path(folder)),
            policy=required,
            temperatures=checked_temperatures(settings.get("temperatures", (1.0,))),
            sample=checked("sample", settings.get("sample", 32), whole(1)),
            timeout=checked("timeout", settings.get("timeout", 600.0), positive),
            command=settings.get("command", str(call)),
            after=run.AfterSettings(
                generate=checked("generate", settings.get("generate", 0), whole(0)),
                depth=checked("depth", settings.get("depth", "module"), one_of("layer", "module")),
            ),
            pairs=None if mapped is None else read_pairs(Path(mapped)),
            pairs_named=str(mapped),
            check=None if seeds is None else partial(check_alike, seeds=seeds, named=str(named)),
        )
        audit = run.compare(request, progress or unwatched)
    return as_audit(audit if seeds is None else beside_seeds(audit, seeds, str(named)))
