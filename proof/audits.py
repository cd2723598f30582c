"""Running `parity` as its users do, in a process of its own, and reading what it leaves."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from parity.records.audit import Audit, load_audit
from parity.records.seed_audit import SeedAudit, load_seed_audit
from proof.kept import ROOT
from tests.warm.client import command_of_parity

__all__ = ["TEXTS", "Compared", "Seeded", "compare", "materials", "parity", "seeds", "write_texts"]

TEXTS = (
    "The film was good.",
    "A dull plot, but the acting was fine!",
    "I like it",
    "never boring; a lovely story of two and three",
    "not great, not awful",
    "You hate this movie? We love it.",
    "in",
    "it was the one that they always like, and the acting is very good for a story as dull as this one",
)
"""Short and long texts of the words that the tests' tokenizer knows, and of a few that it cuts into pieces."""


@dataclass(frozen=True)
class Compared:
    """The result of `parity compare`: its exit code, the record if there is one, and what it printed to stderr."""

    code: int
    audit: Audit | None
    complaint: str

    @property
    def verdict(self) -> str:
        """The verdict, or the slug of the error: `[runner-raised]`."""
        return self.audit.verdict if self.audit is not None else _slug(self.code, self.complaint)


@dataclass(frozen=True)
class Seeded:
    """The result of `parity seeds`."""

    code: int
    audit: SeedAudit | None
    complaint: str

    @property
    def verdict(self) -> str:
        """The verdict, or the slug of the error."""
        return self.audit.verdict if self.audit is not None else _slug(self.code, self.complaint)


def compare(reference: str, candidate: str, out: Path, *arguments: str, timeout: float = 600) -> Compared:
    """Compare two subjects; `out` is the folder of the audit."""
    done = parity("compare", reference, candidate, "--out", str(out), *arguments, timeout=timeout)
    audit = load_audit(out / "audit.json") if done.returncode in (0, 1) else None
    return Compared(done.returncode, audit, done.stderr)


def seeds(out: Path, *arguments: str, timeout: float = 600) -> Seeded:
    """Audit runs; `out` is the folder of the audit."""
    done = parity("seeds", *arguments, "--out", str(out), timeout=timeout)
    audit = load_seed_audit(out / "audit.json") if done.returncode in (0, 1) else None
    return Seeded(done.returncode, audit, done.stderr)


def parity(*arguments: str, timeout: float = 600) -> subprocess.CompletedProcess[str]:
    """Run the command line of this working copy."""
    roots = [str(ROOT), str(ROOT / "adapters"), str(ROOT / "reports")]
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(roots)}
    return subprocess.run(
        [*command_of_parity(variables), *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=timeout,
        check=False,
        env=variables,
    )


def write_texts(path: Path, texts: Sequence[str] = TEXTS) -> Path:
    """An inputs file (.jsonl) of these texts."""
    lines = [json.dumps({"id": f"row-{number}", "text": text}) for number, text in enumerate(texts)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def materials() -> Path:
    """The folder of materials that are not part of the project; a table has no cases of them where it is absent."""
    return Path(os.environ.get("PARITY_MATERIALS") or ROOT.parent / "shared").resolve()


def _slug(code: int, complaint: str) -> str:
    lines = [line.strip() for line in complaint.splitlines()]
    found = next((line for line in reversed(lines) if line.startswith("[") and line.endswith("]")), "")
    return found or f"exit code {code}"
