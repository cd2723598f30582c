"""The comparer's CPU time as a share of the forwards it compares: a whole `parity compare`, at MiniLM's size.

    python -m benchmarks.overhead [--rows 4000] [--rounds 3] [--model FOLDER] [--texts FILE]

Counted is everything the host does from opening the subjects to the last stage: reading, aligning, the noise sample,
measuring, judging. Each round also runs a control, the same subject on both sides: how far its two sides' forwards are from
costing the same is the resolution of the other figures. Gate: exit 1 when the median share is 3 % or more.
"""

from __future__ import annotations

import statistics
import sys

from benchmarks.comparison import Cost, arguments, compare

LIMIT = 0.03


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    costs: list[Cost] = []
    controls: list[Cost] = []
    print(f"{asked.rows} rows; CPU seconds")
    print("round  reference  candidate  comparer   share   control: candidate / reference")
    for number in range(asked.rounds):
        costs.append(compare(asked, asked.rows))
        controls.append(compare(asked, max(1, asked.rows // 3), candidate="attn=sdpa"))
        cost, control = costs[-1], controls[-1]
        print(
            f"{number + 1:5}  {cost.reference:9.2f}  {cost.candidate:9.2f}  {cost.comparer:8.2f}  {cost.share:6.2%}"
            f"   {control.candidate / control.reference:.3f}",
            flush=True,
        )
    share = statistics.median(cost.share for cost in costs)
    print(f"median share {share:.2%} (under {LIMIT:.0%} is asked)")
    return int(share >= LIMIT)


if __name__ == "__main__":
    sys.exit(main())
