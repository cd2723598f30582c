"""The script that a foreign interpreter runs: `INTERPRETER serve.py RUNNER.py`. It loads a runner and answers the host's requests.

Nothing of parity is imported; the interpreter may be Python 3.8 with nothing but numpy, torch and the framework.

**Lines.** Requests come on stdin, replies go to what was stdout, both one JSON object a line (ASCII).
The runner's own prints cannot mix with them: file descriptor 1 is pointed at stderr, and stdin at /dev/null, before the
runner is loaded. The first line is sent without a request::

    {"event": "hello", "protocol": 2, "python": "3.8.18", "executable": "/envs/old/bin/python"}

A request is `{"id": n, "op": ..., ...}`. Several may be sent ahead; they are answered in order. The operations::

    open      {"locator", "options": {str: str}, "slots": [fd, ...], "listings": [fd, ...], "threads": int, "workdir": folder,
               "shares": [folder, ...]}                                                            -> {}
    reopen    {"options": {str: str}}                                        -> {}: the same with other options, in place of it
    describe  {}                                                                                   -> a description
    tokenize  {"window": int, "examples": [{"row": int, "text", "pair": str|null, "id": str|null}, ...]}  -> {"rows": [...]}
              (an example of a list of words also has "words": [str], "split": bool, "spans": [[first, end]]; one for a subject with
              the ability "target" has "target": str|null, "target_ids": [int]|null, "target_least" and "target_most": int: where there is
              no target the subject writes one of so many tokens; its row has "target": {"fed": row, "ids": [int], "text", "generated": bool})
    forward   {"slot": i, "window": int|null, "rows": [int]|null, "inputs": {str: [[int]]|null}|null,
               "stages": [str]|null, "precision": null|"float64", "groups": [[rows, width|null], ...],
               "interventions": {...}|null (`interventions.py`)}
                                                                      -> {"cpu_seconds": f, "seconds": f, "selected": [...], ...}
    block     {"slot": i, "forward": id, "stage", "positions": [int]}                     -> {"dtype", "source", "shape", "offset"}
    rows_of_parameters  {"names": [str], "rows": [int]|null}       -> what they are like, or rows of one (`parameters_asked.py`)
    generate  {"slot", "window", "rows", "asked": {...}}  -> {"rows": [...], ...}; `parity/border/generated.py` has the form of both
    forget    {"window": int}                                                                      -> {}
    close     {}                                                              -> {}, and the process ends

Every event about a request carries its id; any number of the first two, then one of the last two::

    {"id", "event": "progress", "what": str, "done": int, "total": int|null}
    {"id", "event": "warning",  "sentence": str}
    {"id", "event": "done",     "value": {...}}
    {"id", "event": "error",    "slug", "sentence", "next_step", "traceback", "missing": module|null}

**Tensors** lie in the slot, an anonymous file whose descriptor was inherited, and are listed in the listing beside it, another
such file, one JSON object a line in forward order, added when the tensor lies there; a forward begins both anew::

    {"id", "stage": str, "dtype", "source", "shape": [int], "axes": [str], "offset": bytes}

A tensor is in C order at `offset`, as `dtype`; `source` is the dtype the framework had (half precisions are widened to
float32). What a forward wrote before it failed, or its process died, stays good. A long forward reports the stage it
has reached as `progress`.

**Wide stages** (`wide.py`), whose last axis is `vocabulary`, stay here (`"kept": true`) and cross with `block`, in the last slot.

**The end of stdin** ends this process at once, even in the middle of a forward, with its children, and removes its work
folder.

**Windows.** The examples of one `tokenize` are a window, and the host numbers it, so that forwards can be requested before it
is answered. Rows have numbers of their own, those of all inputs; a window may hold any of them. Any number of windows is
held at once, until `forget`. A `forward` is of rows of one window, or of `inputs`. `rows_of_parameters` is requested of a session with
the ability `row_digests`, whose method `holders` returns the modules that hold them.

**Selected**: what a subject without logits selects in each row (`parity/border/selected.py`). **Groups.** Where a forward names groups, the rows of each are run by themselves, and padded by themselves: `groups.py` does so, and
a runner sees one forward for each. Without groups all rows are run together.

**A runner file** has `PROTOCOL = 2`, the protocol it was written for (one without it was written for the first, and is
refused), and `open(request, host) -> session`. A session has `describe()`, `tokenize(examples)`,
`forward(rows, inputs, stages, precision, write)` and, if it wants, `close()`. `tokenize` answers `{"rows": [...]}`, an encoding
for each example, or None; and, if a forward needs something else, `"kept"`, one object for each example, which does not cross
the border. The `rows` of a forward are then the objects kept (the encodings, where there is no `"kept"`): a session holds
no rows itself. `write(stage, tensor_or_array, axes)` sends one tensor. `host` is the `Host` of `host.py`. The runner's folder is a private package, `_parity_runner`: a runner finds
the files beside it with `from . import stages`, and those of the folders that its adapter `shares` in the same way. The folder's
`__init__.py`, if there is one, is not run.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import platform
import queue
import shutil
import signal
import sys
import time
import traceback
import types
import warnings
from typing import Any, NoReturn, Sequence, cast

_HERE = os.path.dirname(os.path.realpath(__file__))


def private_package(name: str, *folders: str) -> None:
    """Let the modules of folders be imported as `name.module`, by one another with `from . import module`; the first folder comes first.

    An `__init__.py` of the folder is not run, nothing is added to the import path, and no import of a framework's can meet one
    of them by accident.
    """
    package = types.ModuleType(name)
    package.__path__ = list(folders)
    sys.modules[name] = package


if __name__ == "__main__":  # run by path, so that this is not a package yet
    # Python put this folder first in sys.path; the framework must not find serve, wire or tap there.
    sys.path[:] = [place for place in sys.path if os.path.realpath(place or ".") != _HERE]
    __package__ = "_parity_host"
    private_package(__package__, _HERE)

from . import interventions, parameters_asked, wide, wire
from .host import Host, Refusal, check_protocol, failure

PROTOCOL = 2
_LONG = 1.0  # seconds of silence after which a forward reports its stage
_RUNNER = "_parity_runner"


class Conversation:
    """Requests in order, each answered with one `done` or one `error`."""

    def __init__(self, runner: str, writer: wire.LineWriter) -> None:
        self._runner = runner
        self._writer = writer
        self._slots: list[wire.Slot] = []
        self._listings: list[wire.Listing] = []
        self._session: Any = None
        self._module: Any = None
        self._opened: dict[str, Any] = {}
        self._windows: dict[int, dict[int, Any]] = {}
        self._kept = wide.Kept()
        self._host = Host(writer)
        self._requests: queue.Queue[dict[str, Any]] = queue.Queue()
        self._workdir: str | None = None
        self._closed = False

    def on_request(self, request: dict[str, Any]) -> None:
        """Queue a request (from the listening thread)."""
        self._workdir = request.get("workdir", self._workdir)
        self._requests.put(request)

    def on_eof(self) -> None:
        """The host has ended: leave nothing behind (from the listening thread)."""
        if self._closed:
            return
        if self._workdir is not None:
            shutil.rmtree(self._workdir, ignore_errors=True)
        _end()

    def run(self) -> None:
        """Answer until `close`."""
        warnings.showwarning = self._python_warning  # type: ignore[assignment]
        while not self._closed:
            request = self._requests.get()
            self._host.current = request["id"]
            reply: dict[str, Any] = {"id": request["id"], "event": "done"}
            try:
                reply["value"] = getattr(self, "_" + request["op"])(request) or {}
                self._writer.write(reply)
            # SystemExit too: a framework that exits has failed, and further requests are answered
            except BaseException as error:  # noqa: BLE001
                self._writer.write(dict(self._error(error), id=request["id"], event="error"))

    def _open(self, request: dict[str, Any]) -> None:
        self._slots = [wire.Slot(descriptor) for descriptor in request["slots"]]
        self._listings = [wire.Listing(descriptor) for descriptor in request["listings"]]
        module = _runner_module(self._runner, request.get("shares", []))
        check_protocol(self._runner, getattr(module, "PROTOCOL", 1), PROTOCOL)
        self._module, self._opened = module, request
        self._session = module.open(request, self._host)

    def _reopen(self, request: dict[str, Any]) -> None:
        self._session = None  # its memory is needed
        self._windows.clear()
        gc.collect()
        self._session = self._module.open(dict(self._opened, options=request["options"]), self._host)

    def _describe(self, request: dict[str, Any]) -> Any:
        return self._session.describe()

    def _tokenize(self, request: dict[str, Any]) -> Any:
        examples: list[dict[str, Any]] = request["examples"]
        answer: Any = self._session.tokenize(examples)
        if not isinstance(answer, dict):
            return answer
        found = cast("dict[str, Any]", answer)
        kept: list[Any] = found.pop("kept", None) or found.get("rows", [])
        self._windows[request["window"]] = {example["row"]: one for example, one in zip(examples, kept)}
        return found

    def _rows_of_parameters(self, request: dict[str, Any]) -> Any:
        return parameters_asked.answer(self._session, request, self._slots[-1])

    def _forget(self, request: dict[str, Any]) -> None:
        self._windows.pop(request["window"], None)

    def _rows(self, request: dict[str, Any]) -> Any:
        """What `tokenize` kept of the rows that a forward names; None for a forward of inputs."""
        if request["rows"] is None:
            return None
        window = self._windows.get(request["window"], {})
        unknown = [row for row in request["rows"] if row not in window]
        if unknown:
            raise KeyError("window {} does not hold row {}".format(request["window"], unknown[0]))
        return [window[row] for row in request["rows"]]

    def _forward(self, request: dict[str, Any]) -> Any:
        number = int(request["slot"])
        slot: wire.Slot = self._slots[number]
        listing: wire.Listing = self._listings[number]
        slot.rewind()
        listing.clear()
        written: set[str] = set()
        self._kept.begin(request["slot"], request["id"])

        def write(stage: str, values: Any, axes: Sequence[str]) -> None:
            if stage in written:
                raise ValueError(f"the runner wrote stage {stage} twice")
            stays = wide.is_wide(axes)
            place = self._kept.keep(request["slot"], stage, values) if stays else slot.put(values)
            if len(axes) != len(place.shape):
                raise ValueError(f"stage {stage} has shape {place.shape} and axes {list(axes)}")
            written.add(stage)
            known = {"kept": True} if stays else {}
            listing.add(dict(place._asdict(), id=request["id"], stage=stage, axes=list(axes), **known))
            if self._writer.silent > _LONG:
                self._host.progress(stage)

        rows = self._rows(request)
        cpu, clock = time.process_time(), time.perf_counter()
        if request["op"] == "generate":
            value = self._session.generate(rows, request["asked"], write)
        else:
            value = interventions.forward(self._session, request, rows, self._slots, write)
        spent = {"cpu_seconds": time.process_time() - cpu, "seconds": time.perf_counter() - clock}
        spent.update(value or {})
        return spent

    _generate = _forward

    def _block(self, request: dict[str, Any]) -> Any:
        return self._kept.block(request, self._slots[-1])

    def _close(self, request: dict[str, Any]) -> None:
        self._closed = True
        if hasattr(self._session, "close"):
            self._session.close()

    def _error(self, error: BaseException) -> dict[str, Any]:
        if isinstance(error, Refusal):
            return failure(error.slug, error.sentence, error.next_step)
        if isinstance(error, wire.NoRoom) or wire.out_of_room(error):
            return failure("out-of-space", str(error))
        story = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        sentence = "".join(traceback.format_exception_only(type(error), error)).strip()[:2000]
        short = isinstance(error, MemoryError) or "out of memory" in sentence.lower()
        step = "Use fewer rows at a time: ?batch_size=1." if short else ""
        raised = failure("runner-raised", sentence, step)
        return dict(raised, traceback=story, missing=wire.missing_module(error))

    def _python_warning(self, message: Any, category: Any, *_: Any) -> None:
        self._host.warn(f"{category.__name__}: {message}")


def _runner_module(path: str, shares: Sequence[str]) -> Any:
    """The runner's file as a module of a private package, in which the files beside it are found, and those that it shares."""
    place = os.path.realpath(path)
    private_package(_RUNNER, os.path.dirname(place), *shares)
    name = _RUNNER + "." + os.path.splitext(os.path.basename(place))[0].replace(".", "_")
    spec = importlib.util.spec_from_file_location(name, place)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _end() -> NoReturn:
    if os.getpgrp() == os.getpid():  # the host starts each runner as a group of its own
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def main() -> None:
    """Take over stdin and stdout, say hello, and answer."""
    requests, replies = os.dup(0), os.dup(1)  # duplicates are not inherited by the framework's own children
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    writer = wire.LineWriter(replies)
    conversation = Conversation(sys.argv.pop(), writer)
    wire.LineReader(requests, conversation.on_request, conversation.on_eof).start()
    started = {"protocol": PROTOCOL, "python": platform.python_version(), "executable": sys.executable}
    writer.write({"event": "hello", **started})
    conversation.run()
    # Nothing is left to do, and a framework's shutdown may take seconds or crash; the host removes its temporary files.
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
