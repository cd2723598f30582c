"""Forwards about modules inside one layer: what lies outside of it is not run again, and where that would be seen it is said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import pytest
import torch

from parity._in_process.float64 import in_float64
from parity._in_process.interventions import Enough
from parity._in_process.kept_outputs import Kept, skip
from parity._in_process.layer_calls import LayerCalls, watch_calls
from parity._in_process.module_calls import ModuleCalls
from parity._in_process.tap import locate
from tests.models import give_noise

pytestmark = pytest.mark.real
IDS = torch.tensor([[2, 7, 9, 3], [2, 8, 3, 0]])
ABOUT = "encoder.layer.1"


@pytest.fixture(scope="module")
def model() -> Any:
    transformers = pytest.importorskip("transformers")
    config = transformers.BertConfig(
        vocab_size=20, hidden_size=8, num_hidden_layers=4, num_attention_heads=2, intermediate_size=12
    )
    return give_noise(transformers.BertModel(config), 1).eval()


def calls(model: Any, asked: dict[str, Any]) -> tuple[LayerCalls | ModuleCalls, Counter[str], bool]:
    """A forward with these interventions: what modules inside the layers ran, and whether it ran to its end."""
    ran: Counter[str] = Counter()

    def note(path: str) -> Callable[..., None]:
        return lambda *_: ran.update([path])

    watch = [
        module.register_forward_hook(note(path))
        for path, module in model.named_modules()
        if path.endswith((".attention.self.query", ".word_embeddings", "pooler.dense"))
    ]
    whole = True
    try:
        with torch.no_grad(), watch_calls(model, None, locate(model), asked, _nothing, None) as seen:
            try:
                model(IDS)
            except Enough:
                whole = False
    finally:
        for one in watch:
            one.remove()
    return seen, ran, whole


def _nothing(*_: Any) -> None:
    pass


@contextmanager
def changed(parameter: torch.Tensor) -> Generator[None]:
    before = parameter.detach().clone()
    parameter.data += 1
    yield
    parameter.data.copy_(before)


def test_only_the_layer_in_question_runs_again_and_it_returns_what_it_returned(model: Any) -> None:
    _, ran, _ = calls(model, {"see": "names", "keep": "rows"})
    assert set(ran.values()) == {1}
    assert len(ran) == 6
    seen, ran, whole = calls(model, {"see": "names", "inside": [ABOUT], "skip": "rows"})
    assert ({f"{ABOUT}.attention.self.query": 1}, False) == (dict(ran), whole)
    assert [] == seen.answer()["unlike"]
    assert [ABOUT, 0] == [seen.answer()["modules"][0]["path"], seen.answer()["modules"][0]["call"]]


def test_a_layer_that_returns_something_else_than_it_did_is_named(model: Any) -> None:
    calls(model, {"see": "names", "keep": "rows"})
    with changed(model.encoder.layer[1].output.dense.weight):
        seen, _, _ = calls(model, {"see": "names", "inside": [ABOUT], "skip": "rows"})
    assert [ABOUT] == seen.answer()["unlike"]


def test_nothing_is_left_out_where_nothing_is_kept_under_the_name(model: Any) -> None:
    _, ran, whole = calls(model, {"see": "names", "inside": [ABOUT], "skip": "other rows"})
    assert (6, True) == (len(ran), whole)


def test_what_was_written_into_since_is_not_kept(model: Any) -> None:
    kept = Kept.begin(model, "written")
    output = torch.ones(2, 3)
    kept.add("pooler", 0, output)
    assert kept.knows("pooler")
    output += 1
    assert not kept.knows("pooler")


def test_a_copy_is_returned_so_that_writing_into_it_changes_nothing(model: Any) -> None:
    kept = Kept.begin(model, "copies")
    kept.add("pooler", 0, (torch.ones(2), None))
    kept.again("pooler", 0)[0].zero_()
    assert [1.0, 1.0] == kept.again("pooler", 0)[0].tolist()


def test_parameters_of_what_is_not_run_are_left_as_they_are_in_float64(model: Any) -> None:
    calls(model, {"see": "names", "keep": "rows"})
    undo = skip(dict(model.named_modules()), Kept.of(model, "rows"), [ABOUT])
    try:
        with in_float64(model):
            wide = {name for name, one in model.named_parameters() if one.dtype == torch.float64}
    finally:
        for one in undo:
            one()
    assert {name for name, _ in model.named_parameters() if name.startswith(ABOUT + ".")} == wide
    assert all("forward" not in module.__dict__ for module in model.modules())
