"""What two language models give for the same texts: how likely each holds them, and how alike their predictions are."""

from __future__ import annotations

from typing import Literal

from parity.records.places import Record

__all__ = ["Language", "TextLikelihood", "TopOverlap"]


class TextLikelihood(Record, frozen=True, kw_only=True):
    """The log-likelihood of one text on each side, in nats, over its `tokens` that were predicted (null: not finite)."""

    row: int
    tokens: int
    reference: float | None
    candidate: float | None


class TopOverlap(Record, frozen=True, kw_only=True):
    """The share of the `at` likeliest tokens that both sides have: its mean over positions, and the least of one."""

    at: int
    mean: float
    least: float


class Language(Record, frozen=True, kw_only=True):
    """How two language models compare, each on its own encoding, in float64.

    `predicts` says what is predicted: the "next" token, or a "masked" one. Log-likelihoods are sums over `tokens` of `texts` whose ids
    are equal on both sides (`texts_excluded` others are not scored), in nats; a perplexity is exp of the mean of -ln p of a token (null:
    no token was scored, or not finite). Of a masked model the log-likelihoods are pseudo-log-likelihoods, each token masked in turn;
    `sampled` says of which texts. `furthest` are the texts whose log-likelihoods differ most. `overlaps` and KL (reference against
    candidate, in nats) are over `positions`; `kl_at` is the row and the token of the largest. `kl_of` says of which distributions: "all" tokens, or
    "kept" where a side holds the largest logits and the sum of the others, of which the true KL is at least this.
    """

    predicts: Literal["next", "masked"]
    texts: int
    tokens: int
    positions: int
    overlaps: list[TopOverlap]
    reference_log_likelihood: float | None = None
    candidate_log_likelihood: float | None = None
    reference_perplexity: float | None = None
    candidate_perplexity: float | None = None
    kl_mean: float | None = None
    kl_max: float | None = None
    kl_at: list[int] | None = None
    kl_of: Literal["all", "kept"] = "all"
    texts_excluded: int = 0
    undefined: int = 0
    furthest: list[TextLikelihood] = []
    sampled: str = ""
