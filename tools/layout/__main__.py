"""The command line of the layout's measures; see the package's docstring."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import tools.layout
from tools.layout.measures import Measure, Measures, measure

_REPOSITORY = Path(__file__).parents[2]


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; the exit code."""
    asked = _parser().parse_args(arguments)
    measures = measure(asked.root)
    print(as_json(measures) if asked.json else as_text(measures, places=asked.list))
    return int(asked.fail and bool(measures.missed))


def as_json(measures: Measures) -> str:
    """Every measure with its places, for programs."""
    return json.dumps(
        {
            item.key: {
                "title": item.title,
                "value": item.value,
                "of": item.of,
                "goal": item.goal,
                "ok": item.ok,
                "found": item.found,
            }
            for item in measures.all
        },
        indent=1,
    )


def as_text(measures: Measures, *, places: bool) -> str:
    """A table of measure, value, goal and whether it is met; with `places`, what was found where it is not."""
    wide = max(len(item.title) for item in measures.all)
    lines = [f"{'measure':{wide}}  {'value':>8}  {'goal':>6}  ok"]
    for item in measures.all:
        value = f"{item.value}" if item.of is None else f"{item.value}/{item.of}"
        goal = {None: "-", 0: "0"}.get(item.goal, f"<= {item.goal}")
        lines.append(f"{item.title:{wide}}  {value:>8}  {goal:>6}  {_answer(item)}")
        if places and not item.ok:
            lines += [f"    {place}" for place in item.found]
    goals = sum(item.goal is not None for item in measures.all)
    lines.append(f"{goals - len(measures.missed)} of {goals} goals met")
    return "\n".join(lines)


def _answer(item: Measure) -> str:
    if item.goal is None:
        return "-"
    return "yes" if item.ok else "no"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.layout",
        description=tools.layout.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--list", action="store_true", help="print every place of a goal that is missed")
    parser.add_argument("--json", action="store_true", help="print all measures with all places as JSON")
    parser.add_argument("--fail", action="store_true", help="exit 1 when a goal is missed")
    parser.add_argument("--root", type=Path, default=_REPOSITORY, help="of the tree to measure  [this one]")
    return parser


if __name__ == "__main__":
    sys.exit(main())
