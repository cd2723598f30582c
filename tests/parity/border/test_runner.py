"""The border from the host's side: real processes, and every way in which they can go wrong.

The runners are in `tests/runners/`, named after the failure they cause.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parity.border.runner import Batch, Reply, Runner
from parity.errors import (
    FrameworkMissing,
    InterpreterBroken,
    OutOfSpace,
    ProtocolMismatch,
    RunnerDied,
    RunnerRaised,
    RunnerSpokeGarbage,
    RunnerTimeout,
    SubjectNotFound,
    UnknownOption,
    UsageError,
)
from parity.inputs.example import Example
from parity.subjects.adapter import Adapter, Option
from parity.subjects.progress import Progress
from parity.subjects.subject import Subject

_RUNNERS = Path(__file__).parents[2] / "runners"
_TEXTS = [Example(0, "hello"), Example(1, "wörld!")]


def _adapter(name: str, **declared: Any) -> Adapter:
    return Adapter(name, _RUNNERS / f"{name}.py", **declared)


def _start(name: str, locator: str = "m", interpreter: str | None = None, **asked: Any) -> Runner:
    return Runner.start(Subject(name, locator, interpreter), _adapter(name), **asked)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _computing(runner: Runner, *rows: int) -> Reply[Batch]:
    """A forward of rows without a text."""
    window = runner.tokenize([Example(row, "") for row in rows]).window
    return runner.forward(rows, window=window)


def _wait_until_gone(*pids: int) -> bool:
    deadline = time.monotonic() + 10
    while any(map(_alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(map(_alive, pids))


@pytest.fixture(autouse=True)
def nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test here has a temporary folder of its own, which must be empty afterwards."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    yield
    assert [] == list(folder.iterdir())


# What goes right


def test_a_runner_encodes_texts_row_by_row() -> None:
    with _start("echo") as runner:
        hello, world = runner.tokenize(_TEXTS).wait()
    assert hello is not None
    assert world is not None
    assert ((104, 101, 108, 108, 111), ("w", "ö", "r", "l", "d", "!")) == (hello.input_ids, world.pieces)
    assert ((False,) * 5, 6, None) == (hello.special, world.untruncated, world.normalized)


def test_a_forward_brings_its_stages_in_order_with_their_axes() -> None:
    with _start("echo") as runner:
        window = runner.tokenize(_TEXTS).window
        batch = runner.forward([0, 1], window=window).wait()
        assert ["input_ids", "real", "logits"] == list(batch.stages)
        assert ("row", "token") == batch.stages["input_ids"].axes
        assert [104, 101, 108, 108, 111, 0] == batch.stages["input_ids"].values[0].tolist()
        assert ("uint8", "bool") == (str(batch.stages["real"].values.dtype), batch.stages["real"].source)
        assert not batch.stages["logits"].values.flags.writeable
        assert batch.cpu_seconds > 0


def test_several_windows_are_held_at_once_until_they_are_released() -> None:
    with _start("echo") as runner:
        first = runner.tokenize([Example(0, "a"), Example(7, "b")]).window
        second = runner.tokenize([Example(0, "c")]).window
        runner.tokenize([])
        replies = [runner.forward([7, 0], window=first), runner.forward([0], window=second)]
        assert [[[98], [97]], [[99]]] == [
            reply.wait().stages["input_ids"].values.tolist() for reply in replies
        ]
        runner.forget(first)
        assert [[99]] == runner.forward([0], window=second).wait().stages["input_ids"].values.tolist()
        with pytest.raises(RunnerRaised, match="window 1 does not hold row 0"):
            runner.forward([0], window=first).wait()


def test_rows_without_a_window_and_inputs_with_one_are_mistakes() -> None:
    with _start("echo") as runner:
        with pytest.raises(ValueError, match="rows need a window"):
            runner.forward([0])
        with pytest.raises(ValueError, match="rows need a window"):
            runner.forward(inputs={"input_ids": [[1]]}, window=1)


def test_a_runner_that_was_written_for_the_first_protocol_is_refused_in_a_sentence() -> None:
    with _start("first_protocol") as runner, pytest.raises(ProtocolMismatch) as caught:
        runner.describe()
    assert (
        "first_protocol.py was written for protocol 1 of parity's runners, and this parity speaks protocol 2."
        in (caught.value.sentence)
    )
    assert "docs/adapters.md" in caught.value.next_step


def test_a_forward_of_given_inputs_runs_exactly_these() -> None:
    with _start("echo") as runner:
        batch = runner.forward(inputs={"input_ids": np.array([[3, 4, 5]]), "attention_mask": None}).wait()
        assert [[3, 4, 5]] == batch.stages["input_ids"].values.tolist()


def test_double_precision_says_how_it_went() -> None:
    with _start("echo") as runner:
        batch = runner.forward(inputs={"input_ids": [[3, 4]]}, precision="float64").wait()
        assert ("pure", np.dtype("float64")) == (batch.float64, batch.stages["logits"].values.dtype)


def test_what_is_still_held_is_not_written_over() -> None:
    with _start("echo") as runner:
        held = runner.forward(inputs={"input_ids": [[1, 1]]}).wait().stages["input_ids"].values[:, 1:]
        gc.collect()
        for number in range(20):
            runner.forward(inputs={"input_ids": [[number, number]]}).wait()
        assert [[1]] == held.tolist()


def test_batches_that_are_let_go_need_no_more_than_one_slot() -> None:
    with _start("echo") as runner:
        for number in range(20):
            runner.forward(inputs={"input_ids": [[number] * 100]}).wait()
        descriptors = runner.describe().config["slots"]
        assert [True] + [False] * 8 == [os.fstat(descriptor).st_size > 0 for descriptor in descriptors]


def test_holding_more_forwards_than_there_are_slots_is_said_at_once() -> None:
    with _start("echo") as runner:
        held = [runner.forward(inputs={"input_ids": [[1, 2]]}) for _ in range(8)]
        with pytest.raises(RuntimeError, match="8 forwards of echo:m are still held"):
            runner.forward(inputs={"input_ids": [[1, 2]]})
        assert 8 == len([reply.wait() for reply in held])


def test_an_answer_is_collected_once() -> None:
    with _start("echo") as runner:
        reply = runner.forward(inputs={"input_ids": [[1, 2]]})
        reply.wait()
        with pytest.raises(RuntimeError, match="collected once"):
            reply.wait()


def test_a_slot_grows_under_arrays_that_stay_what_they_were() -> None:
    with _start("echo") as runner:
        small = runner.forward(inputs={"input_ids": [[5, 6]]}).wait()
        values = small.stages["input_ids"].values
        large = runner.forward(inputs={"input_ids": [[7] * 1_000_000]}).wait()
        assert (7_000_000, [[5, 6]]) == (int(large.stages["input_ids"].values.sum()), values.tolist())


def test_two_runners_work_side_by_side() -> None:
    with _start("takes_its_time") as left, _start("takes_its_time") as right:
        began = time.monotonic()
        replies = [_computing(runner, 0) for runner in (left, right)]
        assert [1.5, 1.5] == [reply.wait().cpu_seconds for reply in replies]
        assert time.monotonic() - began < 3.5


def test_a_runner_may_be_slow_as_long_as_it_speaks() -> None:
    said: list[Progress] = []
    with _start("takes_its_time", timeout=1.2, on_progress=said.append) as runner:
        _computing(runner, 0).wait()
    assert [Progress("thinking", number, 8) for number in range(8)] == said


def test_warnings_come_home_once_each() -> None:
    with _start("warns") as runner:
        runner.tokenize([]).wait()
        runner.tokenize([]).wait()
        assert (
            "FutureWarning: the old way is going away",
            "The pooler was newly initialised.",
        ) == runner.warnings


def test_prints_do_not_mix_with_the_answers() -> None:
    with _start("prints") as runner:
        assert () == runner.tokenize([]).wait()


def test_a_runner_sees_no_more_of_this_process_than_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/mine")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with _start("looks_around", threads=3) as runner:
        seen = runner.describe().config
    assert ("3", "0") == (seen["variables"]["OMP_NUM_THREADS"], seen["variables"]["PYTHONHASHSEED"])
    assert not {"PYTHONPATH", "AWS_SECRET_ACCESS_KEY"} & seen["variables"].keys()
    assert not [
        place for place in seen["path"] if "_in_process" in place or "runners" in place or place == "/mine"
    ]
    assert not [name for name in seen["modules"] if name.split(".")[0] in ("parity", "numpy", "torch")]
    assert os.getcwd() == seen["cwd"]


def test_a_number_json_has_no_word_for_crosses_as_text() -> None:
    with _start("looks_around") as runner:
        assert ["nan", {"inf": "-inf"}] == runner.describe().config["nan"]


@pytest.mark.real
def test_torch_tensors_of_every_dtype_cross() -> None:
    with _start("writes_every_dtype") as runner:
        stages = _computing(runner, 0).wait().stages
        written = {name: (str(stage.values.dtype), stage.values.tolist()) for name, stage in stages.items()}
    widened = ("float32", [0.0, 1.0, 2.0])
    assert {
        "float64": ("float64", [0.0, 1.0, 2.0]),
        "float32": widened,
        "float16": widened,
        "bfloat16": widened,
        "int64": ("int64", [0, 1, 2]),
        "int32": ("int32", [0, 1, 2]),
        "uint8": ("uint8", [0, 1, 2]),
        "bool": ("uint8", [0, 1, 1]),
        "transposed": ("int64", [[0, 3], [1, 4], [2, 5]]),
        "learned": ("float32", [[1.0, 1.0]]),
        "empty": ("float32", []),
        "scalar": ("float32", 7.0),
    } == written


# What goes wrong in the runner


def test_a_runner_that_raises_brings_its_traceback_home() -> None:
    with _start("raises") as runner, pytest.raises(RunnerRaised) as caught:
        _computing(runner, 0).wait()
    assert (
        "raises:m failed while computing rows 0 to 0 (1): ValueError: layer 1 has no weights"
        == caught.value.sentence
    )
    assert 'raise ValueError("layer 1 has no weights")' in caught.value.detail


def test_what_was_written_before_a_failure_is_kept() -> None:
    with _start("raises") as runner:
        reply = _computing(runner, 0)
        with pytest.raises(RunnerRaised):
            reply.wait()
        assert {"embeddings": 6.0, "layer.0": 12.0} == {
            name: float(stage.values.sum()) for name, stage in reply.so_far().items()
        }


def test_a_runner_that_died_leaves_what_it_wrote() -> None:
    with _start("dies", "3") as runner:
        reply = _computing(runner, 0)
        with pytest.raises(RunnerDied):
            reply.wait()
        assert ["embeddings"] == list(reply.so_far())


def test_a_runner_goes_on_after_it_raised() -> None:
    with _start("raises") as runner:
        first, second = _computing(runner, 0), _computing(runner, 7)
        for reply in (first, second):
            with pytest.raises(RunnerRaised):
                reply.wait()


def test_a_framework_that_exits_is_a_failure_and_not_the_end() -> None:
    with _start("raises", "exits") as runner:
        with pytest.raises(RunnerRaised, match="SystemExit: 4"):
            runner.tokenize(_TEXTS).wait()
        with pytest.raises(RunnerRaised, match="layer 1"):
            runner.forward(inputs={"input_ids": [[1]]}).wait()


@pytest.mark.parametrize(
    ("row", "reason"), [(1, "stage layer.0 twice"), (2, "has shape \\[1, 2, 3\\] and axes"), (3, "dtype <U4")]
)
def test_a_runner_that_writes_a_stage_wrongly_is_told_so(row: int, reason: str) -> None:
    with _start("raises") as runner, pytest.raises(RunnerRaised, match=reason):
        _computing(runner, row).wait()


def test_a_mistake_of_the_users_crosses_as_a_sentence_of_its_own_kind() -> None:
    with _start("raises", "refuse") as runner, pytest.raises(SubjectNotFound) as caught:
        runner.describe()
    assert ("There is no model called 'refuse'.", "Name another.", "") == (
        caught.value.sentence,
        caught.value.next_step,
        caught.value.detail,
    )


def test_whatever_is_asked_of_a_subject_that_did_not_load_fails_for_that_reason() -> None:
    with _start("raises", "refuse") as runner:
        for reply in (runner.tokenize(_TEXTS), _computing(runner, 0)):
            with pytest.raises(SubjectNotFound):
                reply.wait()


def test_running_out_of_memory_is_said_with_what_helps() -> None:
    with _start("raises", "memory") as runner, pytest.raises(RunnerRaised) as caught:
        runner.describe()
    assert "Use fewer rows at a time: ?batch_size=1." == caught.value.next_step


@pytest.mark.parametrize(
    ("how", "end"),
    [
        ("3", "ended with status 3"),
        ("SIGKILL", "was killed by SIGKILL"),
        ("SIGSEGV", "was killed by SIGSEGV"),
    ],
)
def test_a_runner_that_dies_is_told_with_what_was_running_and_its_last_words(how: str, end: str) -> None:
    with _start("dies", how) as runner, pytest.raises(RunnerDied) as caught:
        _computing(runner, 4, 9).wait()
    assert (
        f"The runner of dies:{how} {end}, while computing rows 4 to 9 (2). Its last lines: the last thing it said."
        == caught.value.sentence
    )
    assert 40 == len(caught.value.detail.splitlines())
    assert ("SIGKILL" == how) == ("memory" in caught.value.next_step)


def test_a_runner_that_dies_while_loading_says_so() -> None:
    with _start("dies", "loading") as runner, pytest.raises(RunnerDied, match="status 7, while loading"):
        runner.describe()


def test_a_runner_that_hangs_is_ended_and_told_with_what_was_running() -> None:
    said: list[Progress] = []
    with _start("hangs", timeout=0.7, on_progress=said.append) as runner:
        with pytest.raises(RunnerTimeout) as caught:
            _computing(runner, 0, 1).wait()
        pid = int(said[0].what.split()[1])
        assert _wait_until_gone(pid)
    assert (
        f"hangs:m sent nothing for 0.7 s, while computing rows 0 to 1 (2) (pid {pid}); its process was ended. Its last lines: thinking hard."
        == caught.value.sentence
    )


def test_waiting_for_a_question_is_no_silence() -> None:
    with _start("echo", timeout=1.0) as runner:
        runner.describe()
        time.sleep(1.3)
        assert runner.forward(inputs={"input_ids": [[1, 2]]}).wait().stages


def test_a_runner_that_ignores_requests_to_end_is_ended() -> None:
    said: list[Progress] = []
    with _start("hangs", "stubborn", on_progress=said.append) as runner:
        _computing(runner, 0)
        while not said:
            time.sleep(0.02)
    assert _wait_until_gone(int(said[0].what.split()[1]))


@pytest.mark.parametrize(
    "words", ["rubbish", '{"event": "news"}', '{"event": "done", "id": 99, "value": {}}', "[]"]
)
def test_a_runner_that_writes_garbage_is_told_with_the_garbage(words: str) -> None:
    with _start("writes_garbage", words) as runner, pytest.raises(RunnerSpokeGarbage) as caught:
        runner.describe()
    assert repr(words) in caught.value.sentence
    assert "while describing itself" in caught.value.sentence


@pytest.mark.parametrize(
    ("locator", "reason"),
    [
        ("too-few", "1 encodings for 2 examples"),
        ("ragged", "in encoding 1, pieces is not as long as input_ids"),
        ("mistyped", r"Expected `int`, got `str` - at `\$.rows\[1\].input_ids"),
    ],
)
def test_encodings_that_are_none_are_told_by_what_is_wrong(locator: str, reason: str) -> None:
    with _start("misspeaks", locator) as runner, pytest.raises(RunnerSpokeGarbage, match=reason):
        runner.tokenize(_TEXTS).wait()


def test_a_subject_without_tokens_says_none_a_row() -> None:
    with _start("misspeaks", "none") as runner:
        assert (None, None) == runner.tokenize(_TEXTS).wait()


def test_a_piece_that_is_half_of_a_character_crosses_as_it_is() -> None:
    with _start("misspeaks", "halves") as runner:
        _, row = runner.tokenize(_TEXTS).wait()
    assert row is not None
    assert ("\ud83d", "b") == row.pieces


def test_an_answer_that_is_no_object_is_not_the_protocol() -> None:
    with _start("misspeaks", "no-object") as runner, pytest.raises(RunnerSpokeGarbage, match="array"):
        runner.tokenize(_TEXTS).wait()


def test_a_description_that_is_none_is_told_by_the_field_that_is_wrong() -> None:
    with _start("misspeaks", "fine") as runner, pytest.raises(RunnerSpokeGarbage, match=r"\$.framework"):
        runner.describe()


def test_a_full_disk_is_an_error_and_what_fitted_is_kept() -> None:
    with _start("fills_the_disk") as runner:
        reply = _computing(runner, 0)
        with pytest.raises(OutOfSpace, match="no space for [0-9,]+ bytes of tensors") as caught:
            reply.wait()
        assert "?batch_size=1" in caught.value.next_step
        assert ["embeddings"] == list(reply.so_far())


def test_a_disk_that_the_framework_found_full_is_the_same_error() -> None:
    with _start("fills_the_disk") as runner, pytest.raises(OutOfSpace, match="No space left on device"):
        runner.describe()


def test_a_folder_that_slots_cannot_lie_in_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARITY_SLOTS", "/no/such/folder")
    with pytest.raises(UsageError, match="/no/such/folder"):
        _start("echo")


def test_slots_may_lie_on_an_ordinary_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PARITY_SLOTS", str(tmp_path))
    with _start("echo") as runner:
        batch = runner.forward(inputs={"input_ids": [[3, 4]]}).wait()
        assert [[3, 4]] == batch.stages["input_ids"].values.tolist()


def test_a_callback_that_raises_is_heard_by_whoever_waits() -> None:
    def broken(_: Progress) -> None:
        raise LookupError("the progress bar is gone")

    with (
        _start("echo", on_progress=broken) as runner,
        pytest.raises(LookupError, match="the progress bar is gone"),
    ):
        runner.describe()


# What goes wrong with the interpreter


@pytest.mark.parametrize(
    ("interpreter", "reason"),
    [
        ("/bin/true", "ended with status 0"),
        ("/bin/cat", "does not start as Python: it answers"),
        (__file__, "cannot be started: Permission denied"),
    ],
)
def test_what_is_no_python_is_a_broken_interpreter(interpreter: str, reason: str) -> None:
    with pytest.raises(InterpreterBroken, match=reason), _start("echo", interpreter=interpreter) as runner:
        runner.describe()


def test_an_interpreter_that_breaks_as_it_starts_is_told_with_its_last_words(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 'Fatal Python error: no encodings' >&2\nexit 1\n")
    python.chmod(0o755)
    with _start("echo", interpreter=str(python)) as runner, pytest.raises(InterpreterBroken) as caught:
        runner.describe()
    assert (
        f"{python} does not start as Python: it ended with status 1. Its last lines: Fatal Python error: no encodings."
        == caught.value.sentence
    )


@pytest.mark.parametrize(
    ("version", "reason"), [("3.7", "is Python 3.7"), ("3.6", "is Python 3.6"), ("2.7", "is an older Python")]
)
def test_a_python_that_is_too_old_is_told_so(version: str, reason: str) -> None:
    python = _pyenv(version)
    if python is None:
        pytest.skip(f"no Python {version} here")
    with _start("echo", interpreter=str(python)) as runner, pytest.raises(InterpreterBroken, match=reason):
        runner.describe()


def test_a_missing_framework_is_named_with_the_command_that_installs_it() -> None:
    adapter = _adapter("misses_its_framework", framework=("no_such_framework",))
    with (
        Runner.start(Subject("misses_its_framework", "m"), adapter) as runner,
        pytest.raises(FrameworkMissing) as caught,
    ):
        runner.describe()
    assert (
        f"{sys.executable} has no no_such_framework, which misses_its_framework: needs."
        == caught.value.sentence
    )
    assert caught.value.next_step.endswith("-m pip install no_such_framework")


def test_a_missing_module_that_is_not_the_framework_is_the_runners_error() -> None:
    with _start("misses_its_framework") as runner, pytest.raises(RunnerRaised, match="ModuleNotFoundError"):
        runner.describe()


def test_a_wrong_option_is_refused_before_anything_runs() -> None:
    adapter = _adapter("echo", options=(Option("dtype", "text", "The precision."),))
    with pytest.raises(UnknownOption):
        Runner.start(Subject("echo", "m", None, (("dtpye", "float32"),)), adapter)


# What is left behind: nothing


def _pyenv(version: str) -> Path | None:
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    return next(iter(sorted(root.glob(f"versions/{version}.*/bin/python"))), None)


@pytest.mark.parametrize("dies", [False, True])
def test_what_a_runner_started_ends_with_it(*, dies: bool) -> None:
    said: list[Progress] = []
    with _start("leaves_children", on_progress=said.append) as runner:
        reply = runner.tokenize([Example(int(dies), "")])
        with contextlib.suppress(RunnerDied):
            reply.wait()
        pid, folder = said[0].what.split()
    assert _wait_until_gone(int(pid))
    assert not Path(folder).exists()


_HOST = """
    import signal, sys, time
    from pathlib import Path
    from parity.subjects.adapter import Adapter
    from parity.border.runner import Batch, Reply, Runner
    from parity.subjects.subject import Subject

    # A shell's background job ignores Ctrl-C, and its children with it: this host is one in the foreground.
    signal.signal(signal.SIGINT, signal.default_int_handler)

    def say(progress):
        sys.stdout.write(progress.what.split()[1] + "\\n")  # one write: two threads speak
        sys.stdout.flush()

    runners = [
        Runner.start(Subject("hangs", "m"), Adapter("hangs", Path(sys.argv[1])), on_progress=say) for _ in range(2)
    ]
    {body}
"""
_IN_A_CONTEXT = "with runners[0], runners[1]: [runner.forward(inputs={'input_ids': [[1]]}) for runner in runners][0].wait()"
_WITHOUT_ONE = "[runner.forward(inputs={'input_ids': [[1]]}) for runner in runners][0].wait()"


@pytest.mark.parametrize("body", [_IN_A_CONTEXT, _WITHOUT_ONE])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_the_host_ends_no_process_and_no_file_is_left(body: str, number: signal.Signals) -> None:
    script = textwrap.dedent(_HOST).format(body=body)
    variables = dict(os.environ, PYTHONPATH=str(Path(__file__).parents[3]))
    host = subprocess.Popen(
        [sys.executable, "-c", script, str(_RUNNERS / "hangs.py")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=variables,
    )
    try:
        assert host.stdout is not None
        pids = [int(host.stdout.readline()) for _ in range(2)]
        assert all(map(_alive, pids))
        host.send_signal(number)
        _, words = host.communicate(timeout=20)
    finally:
        host.kill()
    assert ("KeyboardInterrupt" in words) == (number == signal.SIGINT)
    assert _wait_until_gone(*pids)
