"""The conformance check: one broken promise is one complaint, and a runner that keeps them all has none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tokenizers import BertWordPieceTokenizer, ByteLevelBPETokenizer, SentencePieceBPETokenizer

from parity.inputs.example import Encoding, Example
from parity.session import promises
from parity.session.conformance import check_adapter
from parity.subjects.adapter import Adapter

RUNNER = Path(__file__).parents[2] / "runners" / "promises.py"
TEXTS = ["A short one.", "A much longer text, so that the first is padded beside it."]


def complaints(broken: str, *texts: str | tuple[str, str]) -> list[str]:
    """What is said of the runner that breaks this promise."""
    return check_adapter(
        f"promises:{broken}", texts or TEXTS, adapter=Adapter("promises", RUNNER), timeout=60
    )


@pytest.mark.parametrize("broken", ["nothing", "left", "no offsets"])
def test_a_runner_that_keeps_its_promises_has_no_complaint(broken: str) -> None:
    assert [] == complaints(broken)
    assert [] == complaints(broken, *TEXTS, ("Is it one?", "It is a pair."))


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("probabilities", "stage logits holds probabilities: every row sums to one"),
        ("sigmoid", "stage logits seems to hold probabilities: every value lies between 0 and 1"),
        ("float64", "stage layer.0 of a float64 pass is float32"),
        ("cast", "stage layer.0 of a float64 pass holds only float32 numbers: it was computed in float32"),
        ("one layer", "stage layer.0 of a float64 pass holds only float32 numbers"),
        (
            "offsets",
            "2 of 2 tokens are not at their offsets: 'a' is reported at 3 to 4, where the text is 'h'",
        ),
        ("special", "row 0: token 0, '[CLS]', is in no text and is not reported as special"),
        ("padding side", "it announces padding on the left, and row 0 is padded on the right"),
        ("segments", "is a pair, and no token is reported to come from its second text (segment 1)"),
        ("no types", "is a pair, the model takes token_type_ids, and it has none"),
        ("one type", "is a pair, and both of its texts have the same token_type_ids"),
        ("other types", "and is fed [0, 0"),
    ],
)
def test_one_broken_promise_is_told(broken: str, said: str) -> None:
    told = complaints(broken)
    assert any(said in one for one in told), told


def test_what_is_said_to_be_mixed_is_believed() -> None:
    assert [] == complaints("said to be mixed")


@pytest.mark.parametrize("kind", ["wordpiece", "byte level", "metaspace"])
def test_offsets_of_real_tokenizers_are_where_the_pieces_stand(kind: str) -> None:
    texts = [
        "Café crème, naïve façade",
        "  The ﬁlm — was GOOD!  ",
        "東京 is big; 12.5 % of it",
        "don't e-mail me",
    ]
    if kind == "wordpiece":
        tokenizer: Any = BertWordPieceTokenizer(lowercase=True)
    else:
        tokenizer = ByteLevelBPETokenizer() if kind == "byte level" else SentencePieceBPETokenizer()
    tokenizer.train_from_iterator(texts * 4, vocab_size=300, show_progress=False)
    examples = [Example(row, text) for row, text in enumerate(texts)]
    encodings = [encoded(tokenizer.encode(text, add_special_tokens=False), 0) for text in texts]
    assert [] == list(promises.offsets(examples, encodings))
    moved = [encoded(tokenizer.encode(text, add_special_tokens=False), 3) for text in texts]
    assert len(texts) <= len(list(promises.offsets(examples, moved)))


def encoded(found: Any, moved: int) -> Encoding:
    """A row as the tokenizer gave it, its offsets moved by so many characters."""
    count = len(found.ids)
    spans = [(start + moved, end + moved) for start, end in found.offsets]
    return Encoding(
        tuple(found.ids), tuple(found.tokens), tuple(spans), (0,) * count, (False,) * count, untruncated=count
    )
