"""Archives nobody here made: loaded, run, recorded, and replayed to equality."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.real.asking import ROOT, compare, parity

pytestmark = [pytest.mark.real, pytest.mark.slow]

ARCHIVES = sorted((ROOT.parent / "shared" / "materials" / "archives").glob("*.tar.gz"))
if not ARCHIVES:
    pytest.skip("no archives beside the repository", allow_module_level=True)


def _of(path: Path) -> Any:
    """One archive; but for the first kind, which users have most, they run with the long tests."""
    marks = () if "basic_classifier_serialization" in path.name else pytest.mark.long
    return pytest.param(path, id=path.name.removesuffix(".tar.gz"), marks=marks)


@pytest.mark.parametrize("archive", [_of(path) for path in ARCHIVES])
def test_an_archive_is_recorded_and_replayed_to_equality(archive: Path, tmp_path: Path) -> None:
    subject = f"allennlp:{archive}"
    trace = tmp_path / "golden.trace"
    recorded = parity("record", subject, "--out", str(trace), "--limit", "20")
    assert 0 == recorded.code, recorded.complained
    audit = compare(f"trace:{trace}", subject, tmp_path / "audit")
    assert "parity" == audit.verdict, audit.headline
    tensors = [record for record in audit.stages if record.noise_floor is not None]
    assert {"equal"} == {record.status for record in tensors}
    assert all(record.compared for record in tensors)
    assert any(record.stage.startswith("module.") for record in tensors)
    assert any(record.stage == "logits" or record.stage.startswith("output.") for record in tensors)
