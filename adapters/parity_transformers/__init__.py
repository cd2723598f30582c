"""`hf:` subjects: Transformers models and their tokenizers, in whichever interpreter has them.

hf:./folder   hf:organisation/name   hf:bert   hf:./folder@/envs/old/bin/python?dtype=bfloat16&attn=eager
"""

from __future__ import annotations

from pathlib import Path

from parity.subjects.adapter import Adapter, Option

__all__ = ["adapter"]

adapter = Adapter(
    scheme="hf",
    runner=Path(__file__).parent / "runner.py",
    framework=("torch", "transformers"),
    options=(
        Option(
            "dtype",
            "choice",
            "what the weights are loaded as; float32 unless said, `auto` is what the checkpoint says",
            ("float32", "float64", "float16", "bfloat16", "auto"),
        ),
        Option("device", "text", "cpu unless said; cuda, cuda:1, mps"),
        Option(
            "attn",
            "choice",
            "the attention implementation (transformers 4.36 and later)",
            ("eager", "sdpa", "flash_attention_2"),
        ),
        Option("batch_size", "count", "at most this many rows at a time"),
        Option(
            "max_length",
            "count",
            "tokens a row is cut to; unless said, what tokenizer and positions have room for",
        ),
        Option("truncation", "flag", "whether longer rows are cut; true unless said"),
        Option(
            "padding",
            "choice",
            "pad to the batch's longest row, or always to the maximum",
            ("longest", "max_length"),
        ),
        Option("padding_side", "choice", "left or right; the tokenizer's own unless said", ("left", "right")),
        Option("tokenizer", "folder", "a folder whose tokenizer is used instead"),
        Option("revision", "text", "the hub's branch, tag or commit"),
        Option("temperature", "positive", "divides the logits before probabilities; 1 unless said"),
        Option("trust_remote_code", "flag", "run code that a checkpoint brings along; false unless said"),
    ),
)
