"""Conformance: what an adapter's author calls in one test."""

from parity.conformance.check import check_adapter

__all__ = ["check_adapter"]
