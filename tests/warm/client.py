"""Starting warm processes, and sending to them what would be started cold.

The test's own process keeps the servers, one for each interpreter and its variables, in a folder that a variable names; commands
that the test starts find them there. What is wanted for the second time gets a server.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from parity.border import connection, process

__all__ = ["COLD", "begin", "command_of_parity", "use"]

COLD = "PARITY_TEST_COLD"
_FOLDER = "PARITY_TEST_WARM"
_HERE = Path(__file__).parent
_ROOT = _HERE.parents[1]
_PATIENCE = 120.0  # seconds for the imports

# What differs from one start to the next, and that nothing reads when it is imported.
_FREE = ("TMPDIR", "PWD", "OLDPWD", "SHLVL", "_")
_READ_BY_THE_COMMAND_LINE = ("PYTHON", "LC_", "LANG", "OMP_", "MKL_", "OPENBLAS_")
_OF_TRANSFORMERS = ("parity_transformers", "parity_onnx", "parity_pipeline")
_RUNNERS = (*_OF_TRANSFORMERS, "parity_allennlp")
# What their runners set before transformers is imported, which reads it then.
_QUIET: Mapping[str, str] = {
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
_OF_THE_COMMAND_LINE = (
    *("tests.warm.hook", "parity.cli.app", "parity.cli.compare", "parity.cli.record", "parity.cli.summary"),
    *(
        "parity.api.pair",
        "parity.pair_audit.run",
        "parity.records.audit_folder",
        "scipy.special",
        "rich.table",
    ),
    *("parity_reports.formats.html", "parity_reports.formats.markdown", "parity_reports.formats.junit"),
    *("parity_reports.formats.terminal", "parity_transformers", "parity_allennlp", "parity_trace"),
)
_OF_RUNNERS = (
    *("torch", "torch._dynamo", "torch.export", "torch.distributed.tensor", "torch.distributed.checkpoint"),
    *(
        "torch.distributed.algorithms",
        "torch.distributed.fsdp",
        "torch.utils.data",
        "sympy",
        "scipy.optimize",
    ),
    *(
        "jinja2",
        "tokenizers",
        "safetensors.torch",
        "regex",
        "requests",
        "httpx",
        "psutil",
        "tqdm",
        "yaml",
        "spacy",
    ),
)
_TRANSFORMERS = (
    "transformers",
    "transformers.models.auto.tokenization_auto",
    "transformers.models.auto.modeling_auto",
    "transformers.models.bert.modeling_bert",
)


def begin() -> Path:
    """Let this process keep servers, and fork its own runners from them; their folder, which goes when this process ends by itself."""
    use()
    return _folder()


def use() -> None:
    """Let the runners that this process starts be forked, where there is a server for them."""
    setattr(connection, "Child", _Forked)  # noqa: B010 - the one place that starts a runner's process


def command_of_parity(variables: Mapping[str, str]) -> list[str]:
    """The beginning of a command of parity in these variables: forked, unless it shall be cold."""
    if COLD in variables:
        return [sys.executable, "-m", "parity"]
    kept = {name: value for name, value in variables.items() if name.startswith(_READ_BY_THE_COMMAND_LINE)}
    kept.pop("PYTHONPATH", None)
    place = _place(sys.executable, kept)
    if not place.exists():
        others = {name: v for name, v in os.environ.items() if not name.startswith(_READ_BY_THE_COMMAND_LINE)}
        # No folder of one test: the server serves the next ones as well.
        _serve(place, sys.executable, {**others, **kept, "PYTHONPATH": str(_ROOT)}, _OF_THE_COMMAND_LINE)
    for wanted in sorted(_folder().glob("*.wanted")):
        _serve_wanted(wanted)
    return [*_launch(place), "-m", "parity"]


class _Forked(process.Child):
    """A child that is forked from a warm process where there is one."""

    def __init__(
        self, command: Sequence[str], variables: Mapping[str, str], descriptors: Sequence[int] = ()
    ) -> None:
        super().__init__(_warm(list(command), variables), variables, descriptors)


def _warm(command: list[str], variables: Mapping[str, str]) -> list[str]:
    runner = Path(command[-1])
    if COLD in os.environ or _FOLDER not in os.environ or runner.parent.name not in _RUNNERS:
        return command
    kept = {name: value for name, value in variables.items() if name not in _FREE}
    library = runner.parent.name in _OF_TRANSFORMERS
    place = _place(command[0], kept, library=library)
    if place.exists():
        return [*_launch(place), *command[1:]]
    once, twice = place.with_suffix(".once"), place.with_suffix(".wanted")
    if not once.exists():
        once.touch()
        return command
    twice.write_text(json.dumps([str(place), command[0], kept, library]), "utf-8")
    if _folder.cache_info().currsize:  # this process keeps the servers
        _serve_wanted(twice)
        return [*_launch(place), *command[1:]]
    return command


def _serve_wanted(wanted: Path) -> None:
    place, interpreter, variables, library = json.loads(wanted.read_text("utf-8"))
    wanted.unlink()
    if library:
        offline = variables.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")
        variables = {**variables, **_QUIET, **({"TRANSFORMERS_OFFLINE": "1"} if offline else {})}
    _serve(Path(place), interpreter, variables, (*_OF_RUNNERS, *_TRANSFORMERS) if library else _OF_RUNNERS)


def _launch(place: Path) -> list[str]:
    return [sys.executable, "-I", "-S", str(_HERE / "launcher.py"), str(place)]


def _place(interpreter: str, variables: Mapping[str, str], *, library: bool = False) -> Path:
    """The socket of the server of this interpreter in these variables, with `library` of one that has transformers imported."""
    key = json.dumps([interpreter, sorted(variables.items()), library])
    folder = Path(os.environ[_FOLDER]) if _FOLDER in os.environ else _folder()
    return folder / hashlib.sha256(key.encode()).hexdigest()[:16]


@functools.cache
def _folder() -> Path:
    """The folder of this process's servers; they end with this process."""
    folder = tempfile.mkdtemp(prefix="parity-warm-", dir="/tmp")
    os.environ[_FOLDER] = folder
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def _serve(place: Path, interpreter: str, variables: Mapping[str, str], modules: Sequence[str]) -> None:
    """Start a server, and wait until it listens."""
    started = subprocess.Popen(
        [interpreter, str(_HERE / "server.py"), str(place), *modules],
        stdin=subprocess.PIPE,  # it ends with this process, which holds the other end
        stdout=subprocess.DEVNULL,
        env=dict(variables),
        cwd=_ROOT,
        start_new_session=True,
    )
    _servers.append(started)
    end = time.monotonic() + _PATIENCE
    while not place.exists():
        if started.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"the warm process of {interpreter} did not start")
        time.sleep(0.02)


_servers: list[subprocess.Popen[bytes]] = []
