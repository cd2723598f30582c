"""The page in a real browser, where there is one: it opens, reflows, and prints; skipped where no Chromium is found."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from parity_reports.formats.html import render
from tests.audits import AUDITS
from tests.seed_audits import SEED_AUDITS

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
]
# Jenkins serves reports under this header by default: no script, no inline style.
JENKINS = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src 'self'; style-src 'self'\">"

pytestmark = [pytest.mark.real, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")]


def _browse(folder: Path, page: str, *flags: str) -> str:
    assert CHROMIUM is not None
    file = folder / "report.html"
    file.write_text(page, encoding="utf-8")
    command = [
        CHROMIUM,
        "--headless",
        "--no-sandbox",
        *QUIET,
        f"--user-data-dir={folder / 'profile'}",
        *flags,
        file.as_uri(),
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


@pytest.mark.parametrize("name", ["divergent_at_layer", "hostile"])
def test_nothing_in_the_page_runs(name: str, tmp_path: Path) -> None:
    dom = _browse(tmp_path, render(AUDITS[name]), "--dump-dom")
    assert "<title>parity: divergent:" in dom
    assert "<script" not in dom


def test_the_style_passes_its_own_policy_and_not_that_of_jenkins(tmp_path: Path) -> None:
    page = render(AUDITS["divergent_at_tokens"])
    styled = tmp_path / "styled.png"
    bare = tmp_path / "bare.png"
    _browse(tmp_path, page, "--window-size=320,900", f"--screenshot={styled}")
    _browse(
        tmp_path, page.replace("<head>", f"<head>{JENKINS}"), "--window-size=320,900", f"--screenshot={bare}"
    )
    assert styled.read_bytes() != bare.read_bytes()


@pytest.mark.parametrize("name", ["different", "hostile"])
def test_nothing_in_the_page_of_a_seed_audit_runs(name: str, tmp_path: Path) -> None:
    dom = _browse(tmp_path, render(SEED_AUDITS[name]), "--dump-dom")
    assert "<title>parity: different:" in dom
    assert "<script" not in dom


def test_the_page_prints(tmp_path: Path) -> None:
    printed = tmp_path / "report.pdf"
    _browse(tmp_path, render(AUDITS["divergent_at_tokens"]), f"--print-to-pdf={printed}")
    assert printed.read_bytes().startswith(b"%PDF")
