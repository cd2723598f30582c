"""Three independent seeds: the numbers that the framework gets for them.

Transformers shuffles epoch e with `data_seed + e`, so that neighbouring data seeds share epochs: order 1's first is
order 0's second. And a dropout stream begun with the number that made the head would draw the head's very numbers
again. So each seed is spread over 32 bits, under the name of what it decides; only the initial weights are made with
the number itself, as in an ordinary script.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from parity._in_process.host import Refusal

__all__ = ["NAMES", "derived", "requested"]

NAMES = ("init_seed", "order_seed", "dropout_seed")
_STREAMS = {"order_seed": 1, "dropout_seed": 2}


def requested(options: dict[str, str], refusal: type[Refusal]) -> dict[str, int]:
    """The three seeds of a subject: each by its own option, else by `seed`, else 0."""
    if "seed" in options and all(name in options for name in NAMES):
        raise refusal(
            "bad-option-value",
            f"seed={options['seed']} has no effect: {', '.join(NAMES)} are all given.",
            "Omit seed, or one of the three.",
        )
    seeds = {name: int(options.get(name, options.get("seed", "0"))) for name in NAMES}
    for name, seed in seeds.items():
        if not 0 <= seed < 2**32:
            raise refusal(
                "bad-option-value",
                f"{name} {seed} is not a seed.",
                "Give a whole number from 0 to 4294967295.",
            )
    return seeds


def derived(seeds: dict[str, int]) -> dict[str, int]:
    """The number that the framework gets for each: below 2**31, so that an epoch can be added."""
    found = {"init_seed": seeds["init_seed"]}
    for name, stream in _STREAMS.items():
        state = np.random.SeedSequence(seeds[name], spawn_key=(stream,)).generate_state(1)
        found[name] = int(state[0]) >> 1
    return found
