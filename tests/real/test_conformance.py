"""The conformance check: parity's own adapters pass it, and a runner that breaks a promise does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from parity.session.conformance import check_adapter
from parity.subjects.adapter import Adapter
from tests.real.asking import parity
from tests.real.test_embeddings import folder

__all__ = ["folder"]

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("cold")]

TEXTS = [
    "A short one.",
    "A much longer text, so that the first is padded beside it.",
    "Delivery took three weeks!",
]
LIAR = """
import numpy as np

PROTOCOL = 2

def open(request, host):
    return Session()

class Session:
    def describe(self):
        stages = [{"name": "embeddings", "axes": ["row", "token", "hidden"]}, {"name": "logits", "axes": ["row", "class"]}]
        return {"framework": "none", "versions": {"python": "3"}, "stages": stages, "can": {"accepts_feed": False}}

    def tokenize(self, examples):
        rows = [{"input_ids": [1], "pieces": ["x"], "offsets": [None], "segments": [0], "special": [0], "untruncated": 1}]
        return {"rows": rows * len(examples)}

    def forward(self, rows, inputs, stages, precision, write):
        write("input_ids", np.full((len(rows), 1), 2), ["row", "token"])
        write("real", np.ones((len(rows), 1), np.uint8), ["row", "token"])
        write("logits", np.full((len(rows), 2), float(len(rows))), ["row", "class"])
"""


@pytest.mark.parametrize("subject", ["hf:fixtures/port", "allennlp:fixtures/reviews.tar.gz"])
def test_paritys_own_adapters_keep_their_promises(subject: str) -> None:
    assert [] == check_adapter(subject, TEXTS)


def test_a_folder_by_the_library_of_its_kind_keeps_the_promises_of_an_adapter(folder: Path) -> None:
    pytest.importorskip("sentence_transformers")
    assert [] == check_adapter(f"st:{folder}", TEXTS)


def test_a_trace_keeps_the_promises_of_what_it_was_recorded_from(tmp_path: Path) -> None:
    texts = tmp_path / "texts.txt"
    texts.write_text("\n".join(TEXTS) + "\n", encoding="utf-8")
    out = str(tmp_path / "port.trace")
    run = parity("record", "hf:fixtures/port", "--inputs", str(texts), "--out", out)
    assert 0 == run.code, run.complained
    assert [] == check_adapter(f"trace:{out}", TEXTS)


@pytest.mark.parametrize("options", ["", "?activation=sigmoid&temperature=2", "?match=order"])
def test_a_file_of_outputs_keeps_the_promises_of_an_adapter(options: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", logits=np.random.default_rng(0).normal(size=(3, 2)))
    assert [] == check_adapter(f"outputs:{tmp_path / 'a.npz'}{options}", TEXTS)


def test_a_runner_that_breaks_its_promises_is_told_each(tmp_path: Path) -> None:
    runner = tmp_path / "liar.py"
    runner.write_text(LIAR, encoding="utf-8")
    complaints = " / ".join(check_adapter("liar:x", TEXTS, adapter=Adapter("liar", runner)))
    assert "no weights digest" in complaints
    assert "announces the stage embeddings and does not write it" in complaints
    assert "row 0 is tokenized to [1] and fed as [2]" in complaints
    assert "stage logits differs alone and in a batch" in complaints
