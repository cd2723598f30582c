"""The scheme `fooling:`, registered as a stranger's would be: a distribution's entry points in a folder on the path."""

from __future__ import annotations

import os
from pathlib import Path

from parity.subjects.adapter import Adapter
from tests.real.asking import ROOT

__all__ = ["adapter", "install"]

adapter = Adapter(scheme="fooling", runner=Path(__file__).parent.parent / "runners" / "fooling.py")


def install(folder: Path) -> dict[str, str]:
    """Put the distribution into `folder`; the environment variables with which `parity` finds it."""
    record = folder / "fooling-1.dist-info"
    record.mkdir(parents=True)
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: fooling\nVersion: 1\n")
    (record / "entry_points.txt").write_text("[parity.adapters]\nfooling = tests.real.fooling:adapter\n")
    places = [str(folder), str(ROOT), os.environ.get("PYTHONPATH", "")]
    return {"PYTHONPATH": os.pathsep.join(filter(None, places))}
