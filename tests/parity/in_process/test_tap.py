"""The torch tap against the hidden states that the models themselves return, family by family."""

# pyright: reportUnknownMemberType=false
# torch is typed in part only.

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from parity._in_process import tap
from tests.models import FAMILIES, tiny

pytestmark = pytest.mark.real

IDS = torch.tensor([[2, 7, 8, 9, 3], [2, 11, 12, 13, 3]])


class Written:
    """Keeps what a Tap writes, in order."""

    def __init__(self) -> None:
        self.values: dict[str, torch.Tensor] = {}
        self.axes: dict[str, tuple[str, ...]] = {}

    def __call__(self, stage: str, value: torch.Tensor, axes: Any) -> None:
        assert stage not in self.values
        self.values[stage] = value.clone()
        self.axes[stage] = tuple(axes)


def run(model: Any, sites: Any = None, **feeds: Any) -> tuple[Written, Any]:
    written = Written()
    with torch.no_grad(), tap.Tap(tap.locate(model) if sites is None else sites, written, (2, 5)):
        outputs = model(
            input_ids=IDS, attention_mask=torch.ones_like(IDS), output_hidden_states=True, **feeds
        )
    return written, outputs


def assert_layers_are(written: Written, hidden: tuple[torch.Tensor, ...], prefix: str = "") -> None:
    layers = [
        name
        for name in written.values
        if name.startswith(prefix + "layer.") and name.count(".") == 1 + bool(prefix)
    ]
    assert [f"{prefix}layer.{k}" for k in range(len(hidden) - 1)] == layers
    assert torch.equal(hidden[0], written.values[prefix + "embeddings"])
    for k, expected in enumerate(hidden[1:-1]):
        assert torch.equal(expected, written.values[f"{prefix}layer.{k}"])
    norms = [value for name, value in written.values.items() if name.startswith("module.")]
    assert any(torch.equal(hidden[-1], value) for value in [written.values[layers[-1]], *norms])


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_the_tap_sees_the_hidden_states_that_the_model_returns(family: str) -> None:
    written, outputs = run(tiny(family))
    if family == "bart":
        assert_layers_are(written, outputs.encoder_hidden_states)
        assert_layers_are(written, outputs.decoder_hidden_states, "decoder.")
    else:
        assert_layers_are(written, outputs.hidden_states)


@pytest.mark.parametrize("family", sorted(set(FAMILIES) - {"t5"}))
def test_a_head_changes_no_name(family: str) -> None:
    bare = [site.name for site in tap.locate(tiny(family)) if site.name != "pooled"]
    head = tiny(
        family,
        "AutoModelForTokenClassification" if family != "bart" else "AutoModelForSequenceClassification",
    )
    assert bare == [site.name for site in tap.locate(head) if site.name != "pooled"]


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_what_attention_and_mlp_are_lies_before_the_residual(family: str) -> None:
    written, _ = run(tiny(family))
    for k in range(3):
        for part in ("attention", "mlp"):
            assert (2, 5, 24) == tuple(written.values[f"layer.{k}.{part}"].shape)
    names = list(written.values)
    assert names.index("layer.0.attention") < names.index("layer.0.mlp") < names.index("layer.0")


def test_attention_plus_mlp_plus_input_is_the_layer_in_a_pre_norm_model() -> None:
    written, _ = run(tiny("gpt2"))
    parts = [written.values[name] for name in ("embeddings", "layer.0.attention", "layer.0.mlp")]
    torch.testing.assert_close(written.values["layer.0"], parts[0] + parts[1] + parts[2])


def test_blocks_that_hand_on_tokens_before_rows_are_turned() -> None:
    model = tiny("xlnet", d_model=24, n_layer=3, n_head=3, d_inner=40, vocab_size=99)
    written, outputs = run(model)
    assert_layers_are(written, outputs.hidden_states)


def test_a_pooler_is_named_where_it_is_called() -> None:
    written, outputs = run(tiny("bert"))
    assert torch.equal(outputs.pooler_output, written.values["pooled"])
    assert ("row", "hidden") == written.axes["pooled"]


def test_the_activation_belongs_to_the_pooler_of_albert() -> None:
    written, outputs = run(tiny("albert"))
    assert torch.equal(outputs.pooler_output, written.values["pooled"])


def test_shared_layers_are_numbered_by_their_calls() -> None:
    written, outputs = run(tiny("albert", num_hidden_layers=4, num_hidden_groups=2))
    assert_layers_are(written, outputs.hidden_states)


@pytest.mark.parametrize(
    ("family", "expected"),
    [("bert", [0, 1, 2, 3, 4]), ("roberta", [2, 3, 4, 5, 6]), ("gpt2", [0, 1, 2, 3, 4])],
)
def test_positions_are_those_that_enter_the_table(family: str, expected: list[int]) -> None:
    written, _ = run(tiny(family))
    assert [expected, expected] == written.values["position_ids"].tolist()
    assert "position_ids" == next(iter(written.values))


@pytest.mark.parametrize("family", ["llama", "t5", "bart", "modernbert"])
def test_positions_that_no_table_is_asked_for_stay_unwritten(family: str) -> None:
    assert "position_ids" not in run(tiny(family))[0].values


@pytest.mark.parametrize(
    ("family", "expected"), [("bert", 40), ("roberta", 38), ("bart", 40), ("gpt2", 40), ("llama", None)]
)
def test_the_position_limit_counts_usable_positions(family: str, expected: int | None) -> None:
    assert expected == tap.position_limit(tiny(family))


@pytest.mark.parametrize(
    ("family", "expected"), [("bert", 40), ("roberta", 40), ("bart", 40), ("gpt2", 40), ("llama", None)]
)
def test_the_position_rows_count_the_ids_that_can_be_given(family: str, expected: int | None) -> None:
    assert expected == tap.position_rows(tiny(family))


def test_the_tap_changes_nothing_and_leaves_nothing_behind() -> None:
    model = tiny("bert")
    with torch.no_grad():
        before = model(input_ids=IDS).last_hidden_state
        with tap.Tap(tap.locate(model), Written(), (2, 5)):
            during = model(input_ids=IDS).last_hidden_state
    assert torch.equal(before, during)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def test_a_tensor_of_another_shape_is_named_and_not_written() -> None:
    model, written = tiny("bert"), Written()
    with torch.no_grad(), tap.Tap(tap.locate(model), written, (3, 5)) as hooks:
        model(input_ids=IDS)
    assert ["position_ids"] == list(written.values)  # one row of positions stands for any number of rows
    assert "of shape [2, 5, 24]" == hooks.unfit["layer.0"]


def test_a_model_without_known_blocks_gets_no_layers() -> None:
    class Odd(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.parts = torch.nn.ModuleList([torch.nn.Sequential(torch.nn.Linear(3, 3)) for _ in range(2)])

    assert [] == tap.locate(Odd())


def test_float64_comes_and_goes_without_a_trace() -> None:
    model = tiny("bert")
    before = {name: value.clone() for name, value in model.state_dict().items()}
    places = [parameter.data_ptr() for parameter in model.parameters()]
    with tap.in_float64(model) as watch:
        written, _ = run(model)
    assert "pure" == watch.status
    assert torch.float64 == written.values["layer.2"].dtype
    assert places == [parameter.data_ptr() for parameter in model.parameters()]
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_float64_keeps_tied_weights_tied() -> None:
    model = tiny("bert", "AutoModelForMaskedLM")
    with tap.in_float64(model):
        tied = model.get_input_embeddings().weight, model.get_output_embeddings().weight
        assert tied[0].data_ptr() == tied[1].data_ptr()
        assert torch.float64 == tied[1].dtype


def test_a_model_that_is_thrown_out_of_float64_is_restored() -> None:
    model = tiny("bert")
    with pytest.raises(KeyError), tap.in_float64(model):
        raise KeyError("in the middle")
    assert torch.float32 == model.dtype


@pytest.mark.parametrize(
    "family", ["bert", "roberta", "distilbert", "albert", "electra", "mpnet", "gpt2", "bart"]
)
def test_a_family_that_stays_in_float64_is_said_to(family: str) -> None:
    model = tiny(family)
    with tap.in_float64(model) as watch:
        run(model)
    assert "pure" == watch.status


def test_a_parameter_digest_is_of_the_bytes() -> None:
    first, second, other = (
        tap.parameters(tiny("bert")),
        tap.parameters(tiny("bert")),
        tap.parameters(tiny("bert", seed=1)),
    )
    assert first == second
    assert tap.weights_digest(first) == tap.weights_digest(second) != tap.weights_digest(other)
    assert {"name", "shape", "dtype", "digest"} == set(first[0])


def test_half_precision_parameters_have_digests_too() -> None:
    found = tap.parameters(tiny("bert").to(torch.bfloat16))
    assert {"bfloat16"} == {parameter["dtype"] for parameter in found}


def test_safe_weights_refuse_a_file_that_calls_something(tmp_path: Path) -> None:
    from parity._in_process import safe_weights

    class Call:
        def __reduce__(self) -> Any:
            return (print, ("executed",))

    torch.save({"weight": torch.ones(2), "more": Call()}, tmp_path / "bad.bin")
    with pytest.raises(safe_weights.UnsafeWeights, match=r"builtins\.print|print"):
        safe_weights.load(tmp_path / "bad.bin")
