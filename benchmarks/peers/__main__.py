"""`python -m benchmarks.peers`: the table, in Markdown; ends with 1 where parity is fooled."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import parity
from benchmarks.peers.pairs import Pair, pairs
from benchmarks.peers.tools import TOOLS
from tests.real.fooling import install

__all__ = ["main"]

_PASS, _ALARM = "**false pass**", "*false alarm*"


class _Row(NamedTuple):
    """A pair, parity's verdict, and the cells of parity and of the tools."""

    pair: Pair
    verdict: str
    cells: tuple[str, ...]


def main() -> int:
    """Print the table; 1 where parity is fooled."""
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        _install(Path(folder) / "site")
        rows = [_row(pair) for pair in pairs(Path(folder))]
    names = ["parity", *(tool.name for tool in TOOLS)]
    print(_line(["#", "pair", "right", "parity reports", *names]))
    print(_line(["---"] * (4 + len(names))))
    for row in rows:
        line = str(row.pair.line) if row.pair.line else ""
        print(_line([line, row.pair.name, row.pair.right, row.verdict, *row.cells]))
    for kind, heading in ((_PASS, "false passes"), (_ALARM, "false alarms")):
        counts = [sum(row.cells[place] == kind for row in rows) for place in range(len(names))]
        of = [
            sum(row.cells[place] not in ("—", "not installed") for row in rows) for place in range(len(names))
        ]
        print(
            _line(["", heading, "", "", *(f"{one} of {all_}" for one, all_ in zip(counts, of, strict=True))])
        )
    versions = {tool.package: tool.installed or "not installed" for tool in TOOLS}
    print("\n" + ", ".join(f"{name} {number}" for name, number in versions.items()))
    return int(any(row.cells[0] in (_PASS, _ALARM) for row in rows))


def _row(pair: Pair) -> _Row:
    verdict = _verdict(pair)
    same = verdict.split()[0] in ("parity", "equivalent")
    answers = [tool.same(pair) if tool.installed else None for tool in TOOLS]
    cells = [_cell(pair, same=same)]
    for tool, answer in zip(TOOLS, answers, strict=True):
        cells.append(
            "not installed" if not tool.installed else "—" if answer is None else _cell(pair, same=answer)
        )
    print(f"{pair.line} {pair.name}: {verdict}", file=sys.stderr, flush=True)
    return _Row(pair, verdict, tuple(cells))


def _verdict(pair: Pair) -> str:
    """What parity says by its public function, with the first difference."""
    inputs = None if pair.inputs is None else list(pair.inputs)
    try:
        audit = parity.compare(pair.reference.subject, pair.candidate.subject, inputs)
    except parity.ParityError as error:
        return f"refused ({error.slug})"
    first = audit.first_divergence
    return audit.verdict if first is None else f"{audit.verdict} at {first.stage}"


def _cell(pair: Pair, *, same: bool) -> str:
    if pair.right == "either":
        return "pass" if same else "no pass"
    if same == (pair.right == "pass"):
        return "ok"
    return _PASS if same else _ALARM


def _install(folder: Path) -> None:
    """Let `fooling:` be found in this process and in those that it starts."""
    os.environ.update(install(folder))
    sys.path.insert(0, str(folder))


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    sys.exit(main())
