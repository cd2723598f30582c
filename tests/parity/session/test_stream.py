"""Requests are sent ahead, in order, and no further than was said."""

from __future__ import annotations

from parity.session.stream import ahead


def test_every_job_comes_with_its_own_reply_in_order() -> None:
    assert [(1, -1), (2, -2), (3, -3)] == list(ahead([1, 2, 3], lambda job: -job))
    assert [] == list(ahead([], str))


def test_no_more_than_the_count_is_sent_and_not_yet_yielded() -> None:
    sent: list[int] = []
    before = [(job, len(sent)) for job, _ in ahead(range(6), sent.append, count=3)]
    assert [(0, 3), (1, 4), (2, 5), (3, 6), (4, 6), (5, 6)] == before


def test_whoever_stops_early_sends_no_more() -> None:
    sent: list[int] = []
    for job, _ in ahead(range(10), sent.append):
        if job == 2:
            break
    assert [0, 1, 2, 3] == sent
