"""Subjects are opened in one way: checked first, several at once, and an error of one ends the wait for all."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from parity.errors import SubjectNotFound, UnknownOption
from parity.inputs.example import Example
from parity.session.session import OpenRequest, open_session, open_sessions
from parity.subjects.adapter import Adapter
from parity.subjects.progress import Progress
from parity.subjects.subject import Subject

RUNNERS = Path(__file__).parents[2] / "runners"


def opening(runner: str, locator: str = "m", name: str = "", **options: str) -> OpenRequest:
    adapter = Adapter(runner, RUNNERS / f"{runner}.py")
    return OpenRequest(Subject(runner, locator, options=tuple(options.items())), adapter, name)


def test_a_session_describes_its_subject_and_runs_it() -> None:
    with open_session(opening("echo")) as session:
        assert ("echo", "echo:m") == (session.described.framework, session.record().spec)
        window = session.runner.tokenize([Example(3, "ab")]).window
        batch = session.runner.forward([3], window=window).wait()
        assert [[97, 98]] == batch.stages["input_ids"].values.tolist()


def test_several_subjects_are_opened_at_once_and_named_in_their_progress() -> None:
    reported: list[Progress] = []
    with ExitStack() as stack:
        requests = [opening("echo", name="reference"), opening("echo", name="candidate")]
        sessions = open_sessions(requests, stack, reported.append)
        assert ["reference", "candidate"] == [session.name for session in sessions]
    assert {"opening both sides", "reference: loading", "candidate: loading"} == {
        progress.what for progress in reported
    }


def test_an_option_that_one_of_them_lacks_is_refused_before_any_is_started() -> None:
    reported: list[Progress] = []
    with ExitStack() as stack, pytest.raises(UnknownOption):
        open_sessions([opening("echo"), opening("echo", dtpye="float32")], stack, reported.append)
    assert [] == reported


def test_one_that_cannot_be_opened_is_reported_however_long_the_other_loads() -> None:
    began = time.monotonic()
    with pytest.raises(SubjectNotFound), ExitStack() as stack:
        open_sessions([opening("loads_forever"), opening("raises", "refuse")], stack)
    assert time.monotonic() - began < 60
