"""Rows alone against the same rows in a batch, of architectures that depend on it."""

from __future__ import annotations

import pytest

from parity.records.audit import Audit
from proof.audits import write_texts
from proof.tiny import build
from tests.real.asking import compare

pytestmark = [pytest.mark.real]

SHORT = 6  # the row of three tokens, which Funnel's pooling cannot take alone


@pytest.fixture(scope="module")
def funnel(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    """A Funnel against itself under another padding, with a row that it cannot run alone."""
    folder = tmp_path_factory.mktemp("funnel")
    model = build("FunnelForSequenceClassification", folder / "model")
    inputs = write_texts(folder / "texts.jsonl")
    sides = (f"hf:{model}?padding=longest", f"hf:{model}?padding=max_length")
    return compare(*sides, folder / "audit", "--inputs", str(inputs))


def test_a_row_that_cannot_be_run_alone_is_said_and_the_others_are_compared(funnel: Audit) -> None:
    seen = [one for one in funnel.not_compared if one.stage == "composition"]
    assert seen and all(f"row {SHORT} cannot be run alone" in one.reason and not one.counts for one in seen)
    passed = next(one for one in funnel.passes if one.name == "composition")
    assert ("", 8) == (passed.reason, passed.rows)


def test_what_depends_on_its_padding_by_design_is_named_as_that(funnel: Audit) -> None:
    found = next(one for one in funnel.findings if one.cause == "batch.composition")
    assert "divergent" == funnel.verdict
    assert ("suspected", "divergent") == (found.standing, found.severity)
    assert "for the same rows alone" in found.sentence
    assert "run alike" not in found.sentence
