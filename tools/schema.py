"""The JSON Schema of audit.json, parity/schema/audit.json, made from the records: `python -m tools.schema` writes it anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from parity.records.audit import Audit
from parity.records.seed_audit import SeedAudit

__all__ = ["SCHEMA", "schema"]

SCHEMA = Path(__file__).resolve().parent.parent / "parity" / "schema" / "audit.json"


def schema() -> dict[str, Any]:
    """The schema of both records (draft 2020-12); a record's `kind` says which of them it is."""
    kinds, definitions = msgspec.json.schema_components([Audit, SeedAudit], ref_template="#/$defs/{name}")
    for name in (Audit.__name__, SeedAudit.__name__):
        # What tells the kinds apart is always written, though the records have it by default.
        definitions[name]["required"] = ["schema", "kind", *definitions[name]["required"]]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "parity.audit/2",
        "oneOf": list(kinds),
        "$defs": definitions,
    }


if __name__ == "__main__":
    SCHEMA.write_text(json.dumps(schema(), indent=1) + "\n", encoding="utf-8")
