"""Whether the seed statistics keep what they claim: coverage of intervals and error rates of tests, by simulation.

    python -m benchmarks.seed_simulation [--fast] [--repeats 2000] [--write]

Every row names what is claimed and what was seen, with its Monte-Carlo standard error; the parity functions themselves are
called, on data whose truth is known in closed form or by quadrature. Gate: exit 1 when something seen lies more than three
standard errors outside its claim. --write puts the table into docs/seed-statistics.md. --fast: few repeats, for a test.
"""

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # before numpy is imported
    os.environ.setdefault(_name, "1")
