"""The list of mutants, spread over all of the product. Their tests are the tests that must notice them.

A text is code and no sentence, as far as possible: sentences are reworded.
"""

from __future__ import annotations

from tools.mutants.judging import JUDGING
from tools.mutants.running import RUNNING

__all__ = ["MUTANTS"]

MUTANTS = (*JUDGING, *RUNNING)
