"""`parity.assert_parity`: a comparison as an assertion, for any test runner."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from tempfile import mkdtemp
from typing import Unpack

from parity.api.audits import Audit
from parity.api.given import Given
from parity.api.pair import PairSettings, compare
from parity.records.audit_folder import check_folder, clear_folder

__all__ = ["assert_parity"]


def assert_parity(
    reference: str,
    candidate: str,
    inputs: Given = None,
    *,
    policy: str | PathLike[str] = "faithful",
    out: str | PathLike[str] | None = None,
    **settings: Unpack[PairSettings],
) -> Audit:
    """Compare two subjects, and fail unless what the policy requires was shown; returns the audit.

        parity.assert_parity("hf:fixtures/port", "hf:fixtures/port?attn=eager", ["a text", "another text"])

    The arguments are those of `compare`. Raises AssertionError, whose message is the report's first screen and the report's path,
    for every verdict that does not pass: where something, or everything, could not be compared too. The audit is written to `out`,
    where that is given, and else to a new folder where the assertion fails. What cannot be run raises a ParityError.
    """
    __tracebackhide__ = True
    folder = None if out is None else Path(out)
    if folder is not None:
        clear_folder(folder)
        check_folder(folder)
    audit = compare(reference, candidate, inputs, policy=policy, **settings)
    if audit.passed and folder is None:
        return audit
    folder = folder or Path(mkdtemp(prefix="parity-audit-"))
    written = audit.save(folder)
    if audit.passed:
        return audit
    report = next((path for path in written if path.suffix == ".html"), written[0])
    raise AssertionError(f"{audit.summary()}\n\nThe report: {report}")
