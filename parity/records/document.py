"""The two kinds of record that `audit.json` may hold. `parity/schema/audit.json`, which describes both, is written by `tools/schema.py`."""

from __future__ import annotations

from pathlib import Path

import msgspec

from parity.errors import RecordError
from parity.records.audit import Audit, load_audit
from parity.records.seed_audit import SeedAudit, load_seed_audit

__all__ = ["load_record"]


class _Kind(msgspec.Struct, frozen=True):
    """All that tells the kinds apart."""

    kind: str


def load_record(path: Path) -> Audit | SeedAudit:
    """The record of a comparison or of a seed audit, by what it says it is; raises RecordError with the reason."""
    try:
        kind = msgspec.json.decode(path.read_bytes(), type=_Kind).kind
    except (OSError, msgspec.DecodeError):
        return load_audit(path)  # which says what is wrong with it
    if kind == "seeds":
        return load_seed_audit(path)
    if kind != "compare":
        raise RecordError(
            f"{path} is a record of the kind {kind!r}; this version of parity knows compare and seeds.",
            next_step="Name an audit.json that parity compare or parity seeds wrote.",
        )
    return load_audit(path)
