"""The Transformers adapters: models and their tokenizers in whichever interpreter has them, and recipes followed with three seeds.

hf:./folder   hf:organisation/name   hf:bert   hf:./folder@/envs/old/bin/python?dtype=bfloat16&attn=eager
finetune:recipe.toml?seed=1   finetune:recipe.toml?init_seed=1&order_seed=2&dropout_seed=1

`finetune:` trains, keeps what it trained in parity's folder of runs, and then answers as `hf:` does for that folder.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from parity.subjects.adapter import Adapter, Option
from parity.subjects.factors import Factor, Trains
from parity.subjects.subject import Subject

__all__ = ["adapter", "library_adapter", "train_adapter"]

_HERE = Path(__file__).parent
_FRAMEWORK = ("torch", "transformers")


def _prepare(subject: Subject, options: dict[str, str]) -> dict[str, str]:
    """The options with the recipe as checked here, and the rows where the runner can read them."""
    from parity.training.recipe import read_recipe
    from parity.training.run_cache import runs_folder, store_rows

    recipe = read_recipe(subject.locator)
    runs = runs_folder(options.get("runs"))
    train = store_rows(recipe.train, runs)
    return {**options, "recipe": json.dumps(recipe.settled()), "runs": str(runs), "train": str(train)}


def _evaluation_rows(subject: Subject, workdir: Path) -> Path:
    """The default inputs of a run: the recipe's evaluation rows."""
    from parity.training.recipe import read_recipe
    from parity.training.run_cache import store_rows

    return store_rows(read_recipe(subject.locator).evaluation, workdir)


def _settled(subject: Subject) -> dict[str, Any]:
    """The settings of a recipe, with its base model and the column that splits its evaluation rows."""
    from parity.training.recipe import read_recipe

    recipe = read_recipe(subject.locator)
    return {**recipe.settled(), "base": recipe.model.base, "slices": recipe.evaluation.slices}


adapter = Adapter(
    scheme="hf",
    runner=_HERE / "runner.py",
    framework=_FRAMEWORK,
    examples={
        "hf:./model": "a folder, or a hub id",
        '"hf:./model@/envs/old/bin/python"': "the same in another interpreter",
        '"hf:./model?dtype=bfloat16"': "a variant of it",
    },
    options=(
        Option(
            "dtype",
            "choice",
            "the dtype of the weights; float32 by default, `auto` takes the checkpoint's",
            ("float32", "float64", "float16", "bfloat16", "auto"),
        ),
        Option(
            "as",
            "choice",
            "`library` leaves what is not given (dtype, truncation) to the library, as a call without arguments does; it is the default "
            "where two versions run equal weights. `parity` runs in float32 and truncates",
            ("library", "parity"),
        ),
        Option("device", "text", "cpu by default; cuda, cuda:1, mps"),
        Option(
            "attn",
            "choice",
            "the attention implementation (transformers 4.36 and later)",
            ("eager", "sdpa", "flash_attention_2"),
        ),
        Option(
            "quantize",
            "choice",
            "quantise the weights while they are loaded; bitsandbytes and torchao where the interpreter has them",
            (
                "dynamic-int8",
                "bitsandbytes-8bit",
                "bitsandbytes-4bit",
                "torchao-int8-weight-only",
                "torchao-int4-weight-only",
                "torchao-int8-dynamic-activation-int8-weight",
                "torchao-float8-weight-only",
            ),
        ),
        Option("compile", "choice", "run what torch.compile makes of the model", ("default",)),
        Option(
            "device_map",
            "text",
            "where modules lie, as accelerate places them: `encoder.layer.3:disk`, several with commas, or auto",
        ),
        Option("batch_size", "count", "so many rows at a time, on this side"),
        Option(
            "max_length",
            "count",
            "the most tokens of a row; by default what tokenizer and positions allow",
        ),
        Option("truncation", "flag", "whether longer rows are truncated; true by default"),
        Option(
            "padding",
            "choice",
            "pad to the batch's longest row, or always to the maximum",
            ("longest", "max_length"),
        ),
        Option("padding_side", "choice", "left or right; the tokenizer's own by default", ("left", "right")),
        Option(
            "task",
            "text",
            "what to open it as, such as encoder; by default what config.json names",
        ),
        Option(
            "is_split_into_words",
            "flag",
            "of rows that are lists of words: true tokenizes each word by itself, false their text as a whole; by default "
            "true, and false for a column of words that --text-column names",
        ),
        Option(
            "pooling",
            "choice",
            "how one vector is made of a text's tokens; by default as modules.json says, else not at all",
            ("mean", "cls", "max", "lasttoken", "weightedmean", "mean_sqrt_len_tokens"),
        ),
        Option(
            "words",
            "choice",
            "how the logits of a word are made of those of its pieces, in token classification; first by default",
            ("first", "last", "average"),
        ),
        Option("tokenizer", "folder", "a folder whose tokenizer is used instead"),
        Option("revision", "text", "the hub's branch, tag or commit"),
        Option("adapter", "folder", "a PEFT adapter that is applied to the model"),
        Option("base", "text", "the base model of a PEFT adapter; the one in adapter_config.json by default"),
        Option("merge", "flag", "whether a PEFT adapter is merged into the weights; true by default"),
        Option("temperature", "positive", "divides the logits before probabilities; 1 by default"),
        Option("trust_remote_code", "flag", "run code that a checkpoint brings; false by default"),
        Option(
            "use_fast",
            "flag",
            "the fast tokenizer or the slow one; by default the fast one where there is one",
        ),
        Option(
            "position_ids",
            "choice",
            "`from_mask` feeds positions that are counted from the attention mask, as generation does; by default the model counts them",
            ("from_mask",),
        ),
        Option("attention_mask", "choice", "`off` feeds none, so that padding is attended to", ("off",)),
        Option(
            "apply_chat_template",
            "flag",
            "whether rows are rendered by the tokenizer's chat template; by default conversations (a column of messages) are, and texts not",
        ),
        Option(
            "use_cache",
            "flag",
            "whether keys and values of earlier tokens are kept: in generation by default as its settings say, in forwards not",
        ),
        Option(
            "tokenizer.*",
            "text",
            "a setting of the tokenizer in place of its own, such as tokenizer.do_lower_case=false",
        ),
        Option(
            "generation.*",
            "text",
            "a setting of generation in place of its own, such as generation.num_beams=4",
        ),
        Option(
            "config.*",
            "text",
            "a setting of config.json in place of its own, such as config.layer_norm_eps=1e-5",
        ),
    ),
)

library_adapter = Adapter(
    scheme="st",
    runner=_HERE / "library_runner.py",
    framework=(*_FRAMEWORK, "sentence_transformers"),
    examples={"st:./all-MiniLM-L6-v2": "a folder of sentence-transformers, by that library"},
    options=(Option("batch_size", "count", "at most this many rows at a time"),),
)

train_adapter = Adapter(
    scheme="finetune",
    runner=_HERE / "train_runner.py",
    framework=(*_FRAMEWORK, "accelerate"),
    examples={'"finetune:recipe.toml?seed=1"': "a recipe, trained with seed 1"},
    own_inputs=_evaluation_rows,
    prepare=_prepare,
    trains=Trains(
        factors=(
            Factor(
                "init_seed",
                "initial weights",
                makes=("weights",),
                unmoved="began with the same weights, as where the base model brings its head",
                reason="init_seed_fixed",
            ),
            Factor(
                "order_seed",
                "the order of the training rows",
                makes=("order",),
                unmoved="saw the rows in the same order",
                reason="order_seed_fixed",
            ),
            Factor(
                "dropout_seed",
                "dropout",
                makes=("dropout",),
                unmoved="drew the same dropout",
                reason="dropout_seed_fixed",
            ),
        ),
        grid=("init_seed", "order_seed"),
        recipes=(".toml",),
        settled=_settled,
    ),
    options=(
        Option("seed", "integer", "sets all three seeds; 0 by default"),
        Option("init_seed", "integer", "makes the weights that the base model does not bring"),
        Option("order_seed", "integer", "shuffles the training rows of each epoch"),
        Option("dropout_seed", "integer", "draws the dropout masks"),
        Option(
            "repeat",
            "count",
            "distinguishes runs of the same seeds, so that they are trained again; 1 by default",
        ),
        Option("runs", "text", "the folder of runs; by default PARITY_RUNS, or `runs` in the cache folder"),
        Option(
            "train_threads",
            "count",
            "threads to train with; 1 by default, as their number changes the weights",
        ),
        Option("device", "text", "cpu by default; cuda"),
        Option(
            "batch_size",
            "count",
            "at most this many rows at a time after training; the recipe has that of training",
        ),
        Option("temperature", "positive", "divides the logits before probabilities; 1 by default"),
    ),
)
