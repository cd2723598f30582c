"""Quantiles of the normal, t and beta distributions, from scipy.special (scipy.stats takes a second to import)."""

# scipy ships no types; every value is turned into a float where it comes in.
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

__all__ = ["beta_quantile", "normal_quantile", "t_quantile"]


def normal_quantile(probability: float) -> float:
    """The z below which this share of a standard normal lies."""
    from scipy.special import ndtri  # type: ignore[import-untyped]

    return float(ndtri(probability))


def t_quantile(probability: float, degrees: float) -> float:
    """The t below which this share of Student's t with these degrees of freedom lies."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, probability))


def beta_quantile(probability: float, a: float, b: float) -> float:
    """The share below which this part of a Beta(a, b) lies."""
    from scipy.special import betaincinv

    return float(betaincinv(a, b, probability))
