"""The notice of settings that differ and that no cause names."""

from __future__ import annotations

from parity.causes.case import side, tokens
from parity.causes.findings import findings, open_settings
from tests.factories import evidence


def test_settings_that_no_cause_names_are_one_notice() -> None:
    sides = side(config={"sliding_window": 1, "chunk": 2}), side(config={"sliding_window": 3, "chunk": 4})
    (finding,) = findings(evidence(*sides))
    assert "2 settings differ: sliding_window (1 and 3), chunk (2 and 4)." == finding.sentence
    assert (None, "notice", True) == (finding.cause, finding.severity, finding.could_hide)
    assert {"sliding_window": [1, 3], "chunk": [2, 4]} == finding.evidence["settings"]
    assert "Settings differ that these inputs do not exercise" in finding.remedy


def test_a_setting_that_a_cause_names_stands_in_no_notice_and_is_still_open() -> None:
    drawn = evidence(side(config={"hidden_act": "gelu"}), side(config={"hidden_act": "relu"}))
    assert ["config.activation"] == [finding.cause for finding in findings(drawn)]
    assert ["hidden_act"] == open_settings(drawn)


def test_a_setting_whose_effect_was_observed_is_not_open() -> None:
    sides = side(tokenizer={"padding_side": "right"}), side(tokenizer={"padding_side": "left"})
    assert ["tokenizer.padding_side"] == open_settings(evidence(*sides))
    assert [] == open_settings(evidence(*sides, tokens=tokens(("right", "left"))))


def test_where_something_diverges_the_notice_gives_no_step_of_its_own() -> None:
    sides = side(config={"sliding_window": 1}), side(config={"sliding_window": 3})
    (finding,) = findings(evidence(*sides, first="layer.0"))
    assert ("notice", "") == (finding.severity, finding.remedy)
