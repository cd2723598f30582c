"""Managed environments: really built (from a wheel made here, without a network), interrupted, shared, removed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from parity.environments import managed
from parity.environments.installer import Installer, find_installer, is_full
from parity.environments.resolve import Managed
from parity.errors import EnvironmentBuildFailed, EnvironmentNotBuilt, InterpreterNotFound, OutOfSpace

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"


def wheel(folder: Path, version: str) -> Path:
    """A wheel of one module, `lantern`, made by hand: a wheel is a zip file with three notes in it."""
    path = folder / f"lantern-{version}-py3-none-any.whl"
    notes = f"lantern-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("lantern.py", f"version = {version!r}\n")
        archive.writestr(f"{notes}/METADATA", f"Metadata-Version: 2.1\nName: lantern\nVersion: {version}\n")
        archive.writestr(f"{notes}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(
            f"{notes}/RECORD", f"lantern.py,,\n{notes}/METADATA,,\n{notes}/WHEEL,,\n{notes}/RECORD,,\n"
        )
    return path


def declaration(folder: Path, version: str = "1.0") -> Managed:
    wheel(folder, version)
    requirements = folder / "requirements.txt"
    requirements.write_text(f"# what the lantern needs\n./lantern-{version}-py3-none-any.whl\n", "utf-8")
    return Managed(name="lantern", python=HERE, requirements=requirements)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PARITY_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("PARITY_OFFLINE", raising=False)
    return tmp_path / "cache" / "environments"


def quiet(_sentence: str) -> None:
    """A progress callback that says nothing."""


def lantern_of(python: Path) -> str:
    said = subprocess.run(
        [python, "-c", "import lantern; print(lantern.version)"], capture_output=True, text=True, check=True
    )
    return said.stdout.strip()


def test_an_environment_is_built_at_first_use_and_its_package_imports(tmp_path: Path) -> None:
    assert "1.0" == lantern_of(managed.ensure(declaration(tmp_path), on_line=quiet))


def test_pip_builds_it_where_there_is_no_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARITY_INSTALLER", "pip")
    said: list[str] = []
    assert "1.0" == lantern_of(managed.ensure(declaration(tmp_path), on_line=said.append))
    assert "with uv on PATH it would be about ten times faster" in said[1]


def test_its_cost_is_said_before_the_build_starts(tmp_path: Path) -> None:
    lantern = declaration(tmp_path)
    said: list[str] = []
    managed.ensure(
        Managed(name="lantern", python=HERE, requirements=lantern.requirements, cost="about 2 kB on disk"),
        on_line=said.append,
    )
    assert "about 2 kB on disk" in said[0]


def test_what_is_built_is_used_again_without_a_word(tmp_path: Path) -> None:
    lantern = declaration(tmp_path)
    first = managed.ensure(lantern, on_line=quiet)
    said: list[str] = []
    assert first == managed.ensure(lantern, on_line=said.append, allow_build=False)
    assert [] == said


def test_other_pins_are_another_environment(tmp_path: Path) -> None:
    old = managed.path(declaration(tmp_path, "1.0"))
    assert old != managed.path(declaration(tmp_path, "2.0"))


def test_a_comment_among_the_pins_changes_nothing(tmp_path: Path) -> None:
    lantern = declaration(tmp_path)
    before = managed.path(lantern)
    lantern.requirements.write_text(lantern.requirements.read_text("utf-8") + "\n# a remark\n", "utf-8")
    assert before == managed.path(lantern)


def test_a_folder_without_its_marker_is_built_anew(tmp_path: Path) -> None:
    lantern = declaration(tmp_path)
    leftover = managed.path(lantern) / "bin" / "python"
    leftover.parent.mkdir(parents=True)
    leftover.write_text("half a python", "utf-8")
    assert "1.0" == lantern_of(managed.ensure(lantern, on_line=quiet))


def test_an_environment_whose_base_python_was_removed_is_built_anew(tmp_path: Path) -> None:
    lantern = declaration(tmp_path)
    python = managed.ensure(lantern, on_line=quiet)
    python.unlink()
    python.symlink_to("/nowhere/python")
    assert "1.0" == lantern_of(managed.ensure(lantern, on_line=quiet))


def another_process(tmp_path: Path, body: str) -> subprocess.Popen[str]:
    """A second parity that builds the same environment; `body` is what its progress callback does."""
    source = f"""
import os, sys, time
from pathlib import Path
from parity.environments import managed
from parity.environments.resolve import Managed
def progress(sentence):
    print(sentence, flush=True)
    {body}
lantern = Managed(name="lantern", python={HERE!r}, requirements=Path({str(tmp_path / "requirements.txt")!r}))
print("path", managed.ensure(lantern, on_line=progress), flush=True)
"""
    root = Path(managed.__file__).parents[2]
    environ = {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.Popen(
        [sys.executable, "-c", source], stdout=subprocess.PIPE, text=True, env=environ, cwd=root
    )


def test_a_build_killed_in_the_middle_is_built_anew(tmp_path: Path) -> None:
    lantern = declaration(tmp_path)
    # It hangs in the middle of the installation, the folder half made.
    killed = another_process(
        tmp_path, "time.sleep(600) if sentence.startswith(('Installed', 'Prepared')) else None"
    )
    assert killed.stdout is not None
    for line in killed.stdout:
        if line.startswith(("Installed", "Prepared")):
            break
    assert "being built" == managed.listing([lantern])[0].state
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    killed.stdout.close()
    deadline = time.monotonic() + 30
    while managed.listing([lantern])[0].state == "being built" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "unfinished" == managed.listing([lantern])[0].state
    assert "1.0" == lantern_of(managed.ensure(lantern, on_line=quiet))


def test_two_processes_at_once_make_one_build_and_get_the_same_path(tmp_path: Path) -> None:
    lantern = declaration(tmp_path)
    both = [another_process(tmp_path, "pass") for _ in range(2)]
    said = [process.communicate(timeout=120)[0].splitlines() for process in both]
    assert 2 * [f"path {managed.interpreter(lantern)}"] == [lines[-1] for lines in said]
    assert 1 == sum(line.startswith("Building the environment") for lines in said for line in lines)


def test_a_removed_environment_is_gone_from_disk_and_listed_as_not_built(tmp_path: Path) -> None:
    lantern = declaration(tmp_path)
    managed.ensure(lantern, on_line=quiet)
    assert managed.remove(managed.path(lantern), on_line=quiet)
    assert not managed.path(lantern).exists()
    assert ["not built"] == [item.state for item in managed.listing([lantern])]


def test_removing_what_is_not_there_says_so(tmp_path: Path) -> None:
    assert not managed.remove(managed.path(declaration(tmp_path)), on_line=quiet)


def test_a_folder_that_is_no_environment_is_never_removed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is not one of parity's environments"):
        managed.remove(tmp_path, on_line=quiet)


def test_the_list_tells_the_environment_in_use_from_the_one_of_old_pins(tmp_path: Path) -> None:
    managed.ensure(declaration(tmp_path, "1.0"), on_line=quiet)
    lantern = declaration(tmp_path, "2.0")
    managed.ensure(lantern, on_line=quiet)
    listed = [(item.name, item.state, item.current) for item in managed.listing([lantern])]
    assert [("lantern", "ready", True), ("lantern", "ready", False)] == listed


def test_the_size_and_the_python_of_an_environment_are_listed(tmp_path: Path) -> None:
    lantern = declaration(tmp_path)
    managed.ensure(lantern, on_line=quiet)
    (item,) = managed.listing([lantern])
    assert item.python == ".".join(map(str, sys.version_info[:3]))
    assert item.size is not None and item.size > 1000


def test_offline_an_environment_that_is_missing_is_not_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARITY_OFFLINE", "1")
    with pytest.raises(EnvironmentNotBuilt, match="PARITY_OFFLINE"):
        managed.ensure(declaration(tmp_path), on_line=quiet)


def test_a_caller_that_forbids_a_build_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentNotBuilt, match="is not built"):
        managed.ensure(declaration(tmp_path), on_line=quiet, allow_build=False)


def test_a_cache_folder_that_cannot_be_made_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    monkeypatch.setenv("PARITY_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(EnvironmentBuildFailed, match="could not be built"):
        managed.ensure(declaration(tmp_path), on_line=quiet)


def test_a_missing_python_stops_a_build_before_anything_is_made(tmp_path: Path) -> None:
    lantern = Managed(name="lantern", python="3.99", requirements=declaration(tmp_path).requirements)
    with pytest.raises(InterpreterNotFound):
        managed.ensure(lantern, on_line=quiet)
    assert not managed.path(lantern).exists()


def test_a_failed_build_brings_the_installers_last_words_and_leaves_nothing(tmp_path: Path) -> None:
    lantern = declaration(tmp_path)
    (tmp_path / "lantern-1.0-py3-none-any.whl").unlink()
    with pytest.raises(EnvironmentBuildFailed) as caught:
        managed.ensure(lantern, on_line=quiet)
    assert "lantern-1.0" in caught.value.detail
    assert not managed.path(lantern).exists()


def test_a_full_device_is_called_by_its_name(tmp_path: Path) -> None:
    uv = tmp_path / "uv"
    uv.write_text("#!/bin/sh\necho 'error: No space left on device (os error 28)' >&2\nexit 2\n", "utf-8")
    uv.chmod(0o755)
    with pytest.raises(OutOfSpace):
        Installer((str(uv),)).install(
            tmp_path / "full", Path(sys.executable), tmp_path / "r.txt", on_line=quiet, hold=os.dup(0)
        )


def test_other_last_words_are_not_taken_for_a_full_device() -> None:
    assert not is_full("error: No solution found when resolving dependencies")


def test_a_callback_that_raises_ends_the_installer_too(tmp_path: Path) -> None:
    uv = tmp_path / "uv"
    uv.write_text(f"#!/bin/sh\necho $$ > {tmp_path / 'pid'}\necho Downloading torch\nsleep 600\n", "utf-8")
    uv.chmod(0o755)

    def interrupt(_sentence: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Installer((str(uv),)).install(
            tmp_path / "e", Path(sys.executable), tmp_path / "r.txt", on_line=interrupt, hold=os.dup(0)
        )
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text("utf-8")), 0)


def test_pip_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARITY_INSTALLER", "pip")
    assert "pip" == find_installer().name
