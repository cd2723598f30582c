"""Architectures whose layers are not a list of blocks of [rows, tokens, hidden]: their layers are the model's own hidden states."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.real

# The architecture, and its layers that have a vector for each token (Funnel pools tokens from its second block on).
_LAYERS = {
    "LongformerModel": 3,
    "SqueezeBertModel": 3,
    "XLMModel": 3,
    "FunnelBaseModel": 1,
    "LEDModel": 2,
    "XLNetModel": 3,
}


@pytest.mark.parametrize("architecture", _LAYERS)
def test_each_layer_is_the_hidden_state_that_the_model_returns(architecture: str, tmp_path: Path) -> None:
    import torch
    import transformers

    from parity._in_process import tap
    from proof.tiny import build

    model: Any = getattr(transformers, architecture).from_pretrained(build(architecture, tmp_path / "model"))
    model.eval()
    ids = torch.tensor([[2, 5, 6, 7, 8, 9, 3], [2, 9, 5, 8, 6, 7, 3]])
    seen: dict[str, Any] = {}

    def keep(stage: str, tensor: Any, axes: Any) -> None:
        seen[stage] = tensor.clone()

    with torch.no_grad(), tap.Tap(tap.locate(model), keep, (2, 7)):
        outputs = model(input_ids=ids, output_hidden_states=True, return_dict=True)
    hidden = outputs.get("hidden_states") or outputs.get("encoder_hidden_states")
    layers = sorted(stage for stage in seen if stage.startswith("layer.") and stage.count(".") == 1)
    assert layers == [f"layer.{k}" for k in range(_LAYERS[architecture])]
    assert torch.equal(seen["embeddings"], hidden[0])
    for k in range(_LAYERS[architecture] - 1):  # the last one may have the last norm in it
        assert torch.equal(seen[f"layer.{k}"], hidden[k + 1]), k
