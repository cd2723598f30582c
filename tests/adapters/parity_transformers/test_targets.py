"""What a decoder is given, asked through a real process: the tokens that Transformers itself would give it."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# torch and transformers are typed in part only.

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
import transformers

from parity import check_adapter
from parity.border.runner import Group, Runner
from parity.errors import InputsDoNotFit
from parity.inputs.example import LEAST_WRITTEN, Encoding, Example, TargetEncoding
from parity.subjects.subject import parse_subject
from parity_transformers import adapter
from tests.models import VOCABULARY, tiny, write_tokenizer

pytestmark = pytest.mark.real

_SPECIAL = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3, "decoder_start_token_id": 3}
EXAMPLES = [
    Example(0, "The film was good, never boring!", target="never boring"),
    Example(1, "a dull plot", target="a very dull plot"),
    Example(2, "i love it"),
]


class Opened(NamedTuple):
    """A small BART in a process of its own, and the same one here."""

    folder: Path
    runner: Runner
    model: Any
    tokenizer: Any


@pytest.fixture(scope="module")
def bart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    folder = tmp_path_factory.mktemp("bart")
    tiny("bart", "AutoModelForSeq2SeqLM", vocab_size=len(VOCABULARY), **_SPECIAL).save_pretrained(folder)
    write_tokenizer(folder, pad_token="[PAD]", bos_token="[CLS]", eos_token="[SEP]")
    model: Any = transformers.AutoModelForSeq2SeqLM.from_pretrained(folder)
    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(folder)
    with Runner.start(parse_subject(f"hf:{folder}"), adapter, timeout=300) as runner:
        assert runner.describe().can.target
        yield Opened(folder, runner, model.eval(), tokenizer)


def _targets(found: tuple[Encoding | None, ...]) -> list[TargetEncoding]:
    return [one.target for one in found if one is not None and one.target is not None]


def test_a_decoder_reads_its_start_and_the_target_but_for_its_last_token(bart: Opened) -> None:
    targets = _targets(bart.runner.tokenize(EXAMPLES[:2]).wait())
    for example, target in zip(EXAMPLES[:2], targets, strict=True):
        ids = bart.tokenizer(text_target=example.target)["input_ids"]
        assert (tuple(ids), (3, *ids[:-1])) == (target.ids, target.fed.input_ids)
        assert (example.target, False) == (target.text, target.generated)
    assert ("[SEP]", "[CLS]", "never", "boring") == targets[0].fed.pieces
    assert (None, None, (0, 5), (6, 12)) == targets[0].fed.offsets
    assert (True, True, False, False) == targets[0].fed.special


def test_logits_and_layers_are_those_of_a_call_by_hand_under_the_target(bart: Opened) -> None:
    window = bart.runner.tokenize(EXAMPLES[:2]).window
    batch = bart.runner.forward([0, 1], window=window).wait()
    fed = {name: torch.tensor(batch.stages[name].values) for name in ("input_ids", "attention_mask")}
    decoder = torch.tensor(batch.stages["decoder_input_ids"].values)
    with torch.no_grad():
        whole = bart.model(**fed, decoder_input_ids=decoder, output_hidden_states=True)
    last = batch.stages["decoder.layer.1"]
    assert ("row", "target", "hidden") == last.axes
    assert np.allclose(whole.decoder_hidden_states[-1].numpy(), last.values, atol=1e-6)
    real = batch.stages["target_real"].values.astype(bool)
    assert [[1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1]] == batch.stages["target_real"].values.tolist()
    wide = batch.stages["logits"].wide
    assert wide is not None
    places = np.flatnonzero(real.reshape(-1))
    assert np.allclose(whole.logits.reshape(-1, len(VOCABULARY)).numpy()[places], wide.block(places), atol=1e-6)  # fmt: skip


def test_a_row_without_a_target_gets_the_models_own_greedy_output(bart: Opened) -> None:
    (target,) = _targets(bart.runner.tokenize(EXAMPLES[2:]).wait())
    ids = bart.tokenizer(EXAMPLES[2].text, return_tensors="pt")["input_ids"]
    by_hand = bart.model.generate(
        input_ids=ids, num_beams=1, do_sample=False, min_length=1 + LEAST_WRITTEN, max_new_tokens=19
    )
    assert (tuple(by_hand[0][1:].tolist()), True) == (target.ids, target.generated)
    assert bart.tokenizer.decode(by_hand[0], skip_special_tokens=True) == target.text


def test_tokens_that_are_given_are_not_tokenized_again(bart: Opened) -> None:
    (target,) = _targets(bart.runner.tokenize([Example(0, "a", target="film", target_ids=(9, 8, 3))]).wait())
    assert ((9, 8, 3), (3, 9, 8), "film") == (target.ids, target.fed.input_ids, target.text)


def test_rows_in_groups_and_from_given_inputs_are_the_same_as_alone(bart: Opened) -> None:
    window = bart.runner.tokenize(EXAMPLES).window
    whole = bart.runner.forward([0, 1, 2], window=window).wait()
    names = ("input_ids", "real", "attention_mask", "decoder_input_ids", "target_real")
    inputs = {name: whole.stages[name].values.copy() for name in names}
    given = bart.runner.forward(inputs=inputs, groups=[Group(1, 10), Group(2, 6)]).wait()
    for row in range(3):
        alone = bart.runner.forward([row], window=window).wait()
        values = alone.stages["decoder.layer.1"].values[0]
        for batch in (whole, given):
            assert np.allclose(values, batch.stages["decoder.layer.1"].values[row, : len(values)], atol=1e-5)


def test_a_target_longer_than_the_decoders_positions_is_cut_and_wrong_tokens_are_refused(
    bart: Opened,
) -> None:
    (target,) = _targets(bart.runner.tokenize([Example(0, "a", target="film " * 60)]).wait())
    assert (40, 62) == (len(target.ids), target.fed.untruncated)
    window = bart.runner.tokenize([Example(0, "a", target="a", target_ids=(5000, 3))]).window
    with pytest.raises(InputsDoNotFit, match="decoder_input_ids 5000 is outside"):
        bart.runner.forward([0], window=window).wait()


def test_an_encoder_decoder_keeps_the_promises_of_an_adapter(bart: Opened) -> None:
    assert [] == check_adapter(f"hf:{bart.folder}", ["A short film.", "It was never dull to me, and long."])
