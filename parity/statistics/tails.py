"""Quantiles and upper tails of the chi-squared, F and t distributions, from scipy.special (scipy.stats is slow to import)."""

# scipy ships no types; every value is turned into a float where it comes in.
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import math

__all__ = ["beyond_noncentral_t", "chi2_quantile", "f_quantile", "f_tail", "t_tail"]


def chi2_quantile(probability: float, degrees: float) -> float:
    """The value below which this share of a chi-squared with these degrees of freedom lies."""
    from scipy.special import chdtri  # type: ignore[import-untyped]

    return float(chdtri(degrees, 1.0 - probability))


def f_quantile(probability: float, numerator: float, denominator: float) -> float:
    """The value below which this share of F(numerator, denominator) lies; an infinite denominator is chi-squared / n."""
    from scipy.special import fdtri

    if math.isinf(denominator):
        return chi2_quantile(probability, numerator) / numerator
    return float(fdtri(numerator, denominator, probability))


def f_tail(value: float, numerator: float, denominator: float) -> float:
    """The share of F(numerator, denominator) at or above a value."""
    from scipy.special import fdtrc

    return float(fdtrc(numerator, denominator, value))


def t_tail(value: float, degrees: float) -> float:
    """The share of Student's t with these degrees of freedom at or above a value."""
    from scipy.special import stdtr

    return float(stdtr(degrees, -value))


def beyond_noncentral_t(critical: float, shift: float, degrees: float) -> float:
    """The chance that a noncentral t with this shift lies further from 0 than a critical value."""
    from scipy.special import nctdtr

    return float(1 - nctdtr(degrees, shift, critical) + nctdtr(degrees, shift, -critical))
