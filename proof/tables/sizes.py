"""One weight of one layer changed by less and less: what shows in the precision of the sides, and what in float64 alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from proof.modules import MODULES, ONE_INSIDE
from proof.multiples import beyond, largest_multiple, lines, multiple_in_words
from proof.table import Case, Row

TITLE = "How small a fault may be"
EXPECTED = """The weight of one module in layer 1 has noise added, by an amount times its spread. Every pair is `divergent`, whatever the amount: where the
difference is no more than the noise of float32, float64 shows it."""
COLUMNS = (
    "amount",
    "verdict",
    "only in float64",
    "multiple of the floor",
    "modules with an error of their own",
)

_AMOUNTS = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7)


def cases(seed: int) -> list[Case]:
    """One case an architecture and amount."""
    return [
        Case(f"{name}: {amount:.0e}", {"architecture": name, "amount": amount, "seed": seed})
        for name in MODULES
        for amount in _AMOUNTS
    ]


def summary(rows: Sequence[tuple[Case, Row]]) -> list[str]:
    """How many faults stay below a multiple of the noise floor: what a verdict at that multiple, without float64, would miss."""
    shares = [
        (f"{amount:.0e}", [1.0 - share for share in beyond(cells)])
        for amount in _AMOUNTS
        if (cells := [row.cells[3] for case, row in rows if case.data["amount"] == amount and row.cells[3]])
    ]
    return [
        "Faults of this amount in which no stage is farther apart than this multiple of its noise floor, in the precision of the sides alone.",
        "parity calls 5 times noise, and looks in float64 for what that hides.",
        "",
        *lines("misses without float64", shares),
    ]


def run(case: Case, folder: Path) -> Row:
    """Build the folder, change the weight, compare."""
    from proof.audits import compare, write_texts
    from proof.tiny import build
    from proof.vary import vary

    name, amount, seed = str(case.data["architecture"]), float(case.data["amount"]), int(case.data["seed"])
    modules = MODULES[name]
    module = f"{modules.layers[-3:][0]}.{ONE_INSIDE[name]}"
    model = build(name, folder / "model", seed=seed, **modules.fields)
    vary(model, folder / "changed", [modules.weight(module)], amount, seed=seed)
    texts = write_texts(folder / "texts.jsonl")
    compared = compare(f"hf:{model}", f"hf:{folder / 'changed'}", folder / "audit", "--inputs", str(texts))
    audit = compared.audit
    if audit is None:
        return Row((f"{amount:.0e}", compared.verdict, "", "", ""), compared.complaint.strip())
    named = [one.module.candidate for one in audit.origins]
    first = audit.first_divergence
    cells = (
        f"{amount:.0e}",
        audit.verdict,
        "yes" if first is not None and first.float64_only else "no",
        multiple_in_words(largest_multiple(audit)),
        ", ".join(named),
    )
    right = audit.verdict == "divergent" and named == [module]
    return Row(cells, "" if right else f"{audit.headline} Named: {named}")
