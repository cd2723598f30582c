"""What a forward is asked to show or to give its layers: it changes that forward alone, and given its own it gives the same bits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from parity.align.calls import Calls, PairedPart, given
from parity.border.interventions import Interventions
from parity.border.runner import Batch, written
from parity.errors import RunnerRaised
from parity.inputs.example import Example
from parity.records.pair import Pair
from parity.session.session import OpenRequest, Session, open_session
from parity.subjects.subject import parse_subject
from proof.tiny import build

pytestmark = pytest.mark.real
STAGES = ("embeddings", "layer.0", "layer.1", "layer.2", "logits")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """Llama: its layers take rotary tables that a module beside them makes."""
    folder = build("LlamaForSequenceClassification", tmp_path_factory.mktemp("llama") / "m", seed=1)
    with open_session(OpenRequest(parse_subject(f"hf:{folder}"))) as opened:
        yield opened


@pytest.fixture(scope="module")
def window(session: Session) -> int:
    reply = session.runner.tokenize([Example(0, "a fine film it was"), Example(1, "dull")])
    reply.wait()
    return reply.window


def forward(session: Session, window: int, asked: Interventions | None = None) -> Batch:
    if asked is None:
        return written(session.runner.forward([0, 1], window=window, stages=STAGES))
    with session.runner.intervening(asked):
        return written(session.runner.forward([0, 1], window=window, stages=STAGES))


def calls_of(batch: Batch) -> Calls:
    assert batch.calls is not None
    return Calls.read(batch.calls, STAGES)


def same(one: Batch, other: Batch) -> dict[str, bool]:
    return {name: np.array_equal(one.stages[name].values, other.stages[name].values) for name in STAGES}


def test_what_was_seen_names_every_layer_and_every_part_in_forward_order(
    session: Session, window: int
) -> None:
    calls = calls_of(forward(session, window, Interventions.see(tensors=True)))
    assert [f"model.layers.{layer}" for layer in range(3)] == [one["path"] for one in calls.layers.values()]
    assert [
        ("model.embed_tokens", "embeddings"),
        ("model.rotary_emb", "embeddings"),
        ("model.norm", "logits"),
        ("score", "logits"),
    ] == [(part.path, part.stage) for part in calls.parts]
    assert {"hidden", "attention_mask", "position_embeddings"} <= set(calls.layers["layer.1"]["takes"])
    assert "model" == calls.root


def test_names_alone_send_no_tensor(session: Session, window: int) -> None:
    batch = forward(session, window, Interventions.see(tensors=False))
    assert [] == [name for name in batch.stages if name.startswith("call.")]
    assert 3 == len(calls_of(batch).layers)


def test_given_its_own_calls_a_model_gives_the_same_bits_and_is_what_it_was(
    session: Session, window: int
) -> None:
    names = [parameter.name for parameter in session.described.parameters]
    before, plain = session.runner.parameters.sketches(names).wait(), forward(session, window)
    seen = forward(session, window, Interventions.see(tensors=True))
    calls = calls_of(seen)
    what = given(calls, [PairedPart(Pair(part, part)) for part in calls.parts], STAGES)
    tensors = {name: one for name, one in seen.stages.items() if name.startswith("call.")}
    again = forward(session, window, Interventions.give(what, tensors))
    assert {True} == set(same(plain, seen).values()) | set(same(plain, again).values())
    assert again.calls is not None
    assert {0.0} == {apart for layer in again.calls["layers"].values() for apart in layer["apart"].values()}
    assert [] == [name for layer in again.calls["layers"].values() for name in layer["kept"]]
    assert {True} == set(same(plain, forward(session, window)).values())
    assert before == session.runner.parameters.sketches(names).wait()


def test_a_layer_takes_what_it_is_given_and_what_comes_after_does_not_inherit_it(
    session: Session, window: int
) -> None:
    seen = forward(session, window, Interventions.see(tensors=True))
    calls = calls_of(seen)
    what = given(calls, [], STAGES)
    name = what["stages"]["layer.1"]["takes"]["hidden"]["tensor"]
    tensors = {one: tensor for one, tensor in seen.stages.items() if one.startswith("call.")}
    moved = tensors[name]._replace(values=tensors[name].values * 2)
    again = forward(session, window, Interventions.give(what, {**tensors, name: moved}))
    # The tensor is the output of layer 0 as well, which was exchanged after it was written.
    assert {
        "embeddings": True,
        "layer.0": True,
        "layer.1": False,
        "layer.2": True,
        "logits": True,
    } == same(seen, again)


def test_rows_in_groups_are_refused(session: Session, window: int) -> None:
    from parity.border.runner import Group

    with session.runner.intervening(Interventions.see(tensors=False)):
        batch = written(session.runner.forward([0, 1], window=window, groups=[Group(1), Group(1)]))
    assert isinstance(batch.failure, RunnerRaised) and "together" in batch.failure.sentence
