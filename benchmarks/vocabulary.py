"""The host's peak memory on a language model of 50,000 columns against a classifier's: logits of a vocabulary are never held whole.

    python -m benchmarks.vocabulary [--rows 1000] [--columns 50000]

Two tiny models of one family (hidden 32, 2 layers) with one tokenizer, made here: a classifier and a causal language model. Each is
compared with itself under another attention implementation over the same texts, by whole `parity compare` runs; the classifier twice, as
a control. Peaks are those of the process that compares, as its record has them, and of either runner, as the system has them.
Gate: exit 1 when the host's peak on the language model is above the classifier's by more than 64 MiB for each of the two slots that
its logits cross in, one a side.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import json
import multiprocessing
import os
import random
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from benchmarks.comparison import Cost, compare

SLOT_KIB = 64 << 10
SLOTS = 2
_WORDS_A_TEXT = (5, 40)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--columns", type=int, default=50_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        texts = _write_texts(Path(folder, "texts.csv"), asked.rows, asked.columns)
        peaks: dict[str, int] = {}
        print("                  peak of the host   peak of a runner   seconds   CPU: forwards, host")
        for name, kind in (
            ("control", "GPT2ForSequenceClassification"),
            ("classifier", "GPT2ForSequenceClassification"),
            ("language model", "GPT2LMHeadModel"),
        ):
            model = Path(folder, name.replace(" ", "-"))
            # In a process of its own: the peak of a process begins with that of the one which starts it.
            writer = multiprocessing.get_context("spawn").Process(
                target=_write_model, args=(model, kind, asked.columns)
            )
            writer.start()
            writer.join()
            cost, runner = _watched(argparse.Namespace(model=model, texts=texts), asked.rows)
            peaks[name] = cost.peak_kib
            print(
                f"{name:16} {cost.peak_kib / 1024:13.1f} MiB {runner / 1024:14.1f} MiB {cost.seconds:9.1f}"
                f"   {cost.reference + cost.candidate:.1f} s, {cost.comparer:.1f} s",
                flush=True,
            )
    more = peaks["language model"] - peaks["classifier"]
    control = peaks["control"] - peaks["classifier"]
    print(
        f"{more / 1024:+.1f} MiB against the classifier (up to {SLOTS * SLOT_KIB // 1024} is asked); control {control / 1024:+.1f} MiB"
    )
    return int(more > SLOTS * SLOT_KIB)


def _write_texts(path: Path, rows: int, columns: int) -> Path:
    """Texts of random words, all of them different."""
    draw = random.Random(0)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text"])
        for _ in range(rows):
            words = (f"w{draw.randrange(columns - 5)}" for _ in range(draw.randint(*_WORDS_A_TEXT)))
            writer.writerow([" ".join(words)])
    return path


def _write_model(folder: Path, kind: str, columns: int) -> None:
    """A folder with a tiny model and a tokenizer that has a word for each column."""
    import transformers

    torch: Any = importlib.import_module("torch")
    torch.manual_seed(0)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = [*special, *(f"w{number}" for number in range(columns - len(special)))]
    config: Any = transformers.GPT2Config(
        vocab_size=columns,
        n_embd=32,
        n_layer=2,
        n_head=2,
        n_positions=64,
        pad_token_id=0,
        bos_token_id=3,
        eos_token_id=3,
    )
    model: Any = getattr(transformers, kind)(config)
    model.save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    named = {"tokenizer_class": "BertTokenizer", "model_max_length": 64, "pad_token": "[PAD]"}
    (folder / "tokenizer_config.json").write_text(json.dumps(named), encoding="utf-8")


def _watched(asked: argparse.Namespace, rows: int) -> tuple[Cost, int]:
    """A comparison, and the largest peak of a process that it started, in KiB (0 where the system does not tell)."""
    done = threading.Event()
    largest = 0

    def watch() -> None:
        nonlocal largest
        while not done.is_set():
            largest = max(largest, _peak_of_runners())
            time.sleep(0.2)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    cost = compare(asked, rows)
    done.set()
    watcher.join()
    return cost, largest


def _peak_of_runners() -> int:
    """The largest VmHWM of the runners below this process."""
    parents: dict[int, int] = {}
    peaks: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = dict(
                line.split(":", 1) for line in (folder / "status").read_text(encoding="utf-8").splitlines()
            )
            runner = "_in_process/serve.py" in (folder / "cmdline").read_text(errors="replace")
        except OSError:
            continue  # it has ended
        number = int(folder.name)
        parents[number] = int(fields["PPid"])
        if runner and "VmHWM" in fields:
            peaks[number] = int(fields["VmHWM"].split()[0])
    return max((peak for number, peak in peaks.items() if _is_below(number, parents)), default=0)


def _is_below(number: int, parents: dict[int, int]) -> bool:
    while number:
        number = parents.get(number, 0)
        if number == os.getpid():
            return True
    return False


if __name__ == "__main__":
    sys.exit(main())
