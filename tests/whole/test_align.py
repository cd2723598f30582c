"""`parity align` and `--map`: what was found is written, edited and taken back; a wrong name ends with the right ones."""

from __future__ import annotations

from pathlib import Path

import pytest

import parity
from proof.tiny import build

pytestmark = pytest.mark.real
TEXTS = ["the film was good", "a dull plot"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("BertForSequenceClassification", tmp_path_factory.mktemp("align") / "m", seed=1)


def test_a_map_is_written_edited_and_obeyed(folder: Path, tmp_path: Path) -> None:
    model, place = f"hf:{folder}", tmp_path / "map.toml"
    text = parity.pairing(model, model)
    query, key = (f'"bert.encoder.layer.0.attention.self.{part}.weight"' for part in ("query", "key"))
    turned = text.replace(f"candidate = {query}", "candidate = @").replace(
        f"candidate = {key}", f"candidate = {query}"
    )
    place.write_text(turned.replace("candidate = @", f"candidate = {key}"), encoding="utf-8")
    audit = parity.compare(model, model, TEXTS, map=place)
    seen = audit.parameters
    assert seen is not None and (57, 55, {"the map": 57}) == (seen.compared, seen.equal, seen.paired_by)
    assert [("changed", "the map")] * 2 == [(one.relation, one.by) for one in seen.differing]
    place.write_text(
        text.replace('[[stage]]\nreference = "layer.1"', '[[stage]]\nreference = "layer.11"'),
        encoding="utf-8",
    )
    with pytest.raises(
        parity.UsageError, match=r"the reference has no stage 'layer\.11'\. It has: layer\.1,"
    ) as wrong:
        parity.compare(model, model, TEXTS, map=place)
    assert 2 == wrong.value.exit_code
    with pytest.raises(parity.UsageError, match="cannot be read: No such file"):
        parity.compare(model, model, TEXTS, map=tmp_path / "none.toml")
