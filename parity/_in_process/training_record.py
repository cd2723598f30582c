"""What a training leaves in the record of its run, whichever framework trained: how it began, its losses, how it is described."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any, Callable, Sequence

from . import weights

if TYPE_CHECKING:
    from .run_folder import Claim

__all__ = ["beginning", "described", "digest_of", "finite", "losses_of"]

_POINTS = 200  # of the loss, kept


def beginning(model: Any, is_head: Callable[[str], bool]) -> dict[str, str | None]:
    """The digests of the weights before the first step: of all, and of those that are new (None where there are none)."""
    parameters = weights.parameters(model)
    head = [one for one in parameters if is_head(one["name"])]
    return {
        "initial_digest": weights.weights_digest(parameters),
        "head_digest": weights.weights_digest(head) if head else None,
    }


def losses_of(losses: Sequence[tuple[int, float]], steps: int) -> dict[str, Any]:
    """The losses by step, at most 200 of them, and the mean of the last tenth; what is not finite is None."""
    last = [loss for _, loss in losses[-max(1, steps // 10) :]]
    every = max(1, math.ceil(len(losses) / _POINTS))
    return {
        "losses": [[step, finite(loss)] for step, loss in losses[::every]],
        "final_loss": finite(sum(last) / len(last)) if last else None,
    }


def described(claimed: Claim, hidden: Sequence[str] = ()) -> dict[str, Any]:
    """A run's record as a description shows it: without its files and what is `hidden`, with where it lies."""
    record = claimed.record or {}
    shown = {name: value for name, value in record.items() if name != "files" and name not in hidden}
    return dict(shown, folder=claimed.folder, trained_now=claimed.made_now)


def digest_of(content: bytes) -> str:
    """The digest of bytes: of a generator's state, say."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def finite(value: float) -> float | None:
    """The number; None for one that is not finite, which JSON does not have."""
    return value if math.isfinite(value) else None
