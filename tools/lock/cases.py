"""The cases: command lines on the inputs of `inputs.py`, each with the exit code it must have.

A command runs in the folder of the inputs, so that every path is relative; `{out}` is the case's own folder. The exit codes and the
verdict are here so that a case which no longer shows what it was written for is an error, and not two equal failures.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["CASES", "Case", "Step"]

ARCHIVE = "allennlp:fixtures/reviews.tar.gz"
PORT = "hf:fixtures/port"
REVIEWS = "--inputs fixtures/reviews.jsonl"
TEXTS = "--inputs rows/texts.jsonl"
LABELLED = "--inputs rows/labelled.jsonl"


class Step(NamedTuple):
    """One command line, without `parity`, and its exit code."""

    line: str
    code: int = 0


class Case(NamedTuple):
    """A name, its steps in order, and the verdict of the record in its folder (None: it leaves none there)."""

    name: str
    verdict: str | None
    steps: tuple[Step, ...]


def _compare(name: str, verdict: str, subjects: str, options: str = TEXTS) -> Case:
    code = 0 if verdict in {"parity", "equivalent"} else 1
    return Case(name, verdict, (Step(f"compare {subjects} {options} --out {{out}}", code),))


def _port(mistake: str) -> Case:
    return _compare(f"port-{mistake}", "divergent", f"{ARCHIVE} hf:ports/{mistake}", REVIEWS)


def _models(name: str, verdict: str, reference: str, candidate: str, options: str = TEXTS) -> Case:
    return _compare(name, verdict, f"hf:models/{reference} hf:models/{candidate}", options)


PORTS = (
    Case(
        "port",
        "parity",
        (
            Step(f"compare {ARCHIVE} {PORT} {REVIEWS} --out {{out}}"),
            Step("report {out}/audit.json --out {out}/again"),
            Step("report {out} --out {out}/again --quiet"),
        ),
    ),
    _port("unused_pooler"),
    _port("layer_norm_eps"),
    _port("no_lowercase"),
    _port("labels_swapped"),
    # The other mistakes against the right port: the same findings without AllenNLP's start.
    _compare("port-gelu_new", "divergent", f"{PORT} hf:ports/gelu_new", f"{REVIEWS} --temperature 2"),
    _compare("port-layer_nudged", "divergent", f"{PORT} hf:ports/layer_nudged", REVIEWS),
    _compare("port-max_length_cut", "divergent", f"{PORT} hf:ports/max_length_cut", REVIEWS),
    _compare("port-classes_reordered", "parity", f"{ARCHIVE} hf:ports/classes_reordered", REVIEWS),
)

PAIRS = (
    _models("padding-side", "divergent", "padded-left", "padded-right"),
    _compare(
        "padding-option", "divergent", "hf:models/uncased 'hf:models/uncased?padding_side=left'", LABELLED
    ),
    _models("rope-theta", "divergent", "decoder", "decoder-theta"),
    _models("cased-for-uncased", "divergent", "uncased", "cased", LABELLED),
    _models("tokens", "divergent", "tags", "tags-moved"),
    _models("pairs", "divergent", "uncased", "no-types", "--inputs rows/pairs.jsonl"),
    _models("regression", "divergent", "number", "number-scaled"),
    _models("multi-label", "divergent", "several", "several-moved"),
    _models("not-finite", "divergent", "uncased", "not-finite"),
    _models("masked-head-not-run", "not_comparable", "masked", "masked"),
    _models("encoder-for-head", "not_comparable", "uncased", "encoder"),
    _models("encoder", "divergent", "encoder", "encoder-eps"),
    _models("question-answering", "divergent", "answers", "answers-scaled", "--inputs rows/questions.jsonl"),
    _models("probes", "parity", "uncased", "uncased", ""),
    _models("copies", "divergent", "uncased", "cased", "--inputs rows/copies.txt"),
)

POLICIES = (
    _compare(
        "bfloat16",
        "inconclusive",
        f"{PORT} '{PORT}?dtype=bfloat16&attn=eager'",
        f"{REVIEWS} --policy decisions",
    ),
    _compare(
        "limits", "equivalent", f"{PORT} '{PORT}?dtype=bfloat16'", f"{REVIEWS} --policy recipes/limits.toml"
    ),
    _compare(
        "ignored",
        "divergent",
        f"{PORT} hf:ports/layer_norm_eps",
        f"{REVIEWS} --ignore pooled --ignore 'layer.*'",
    ),
    _compare("bitwise", "parity", f"{PORT} {PORT}", f"{REVIEWS} --policy bitwise --limit 20 --quiet"),
)

RECORDED = (
    Case(
        "traces",
        "divergent",
        (
            Step(f"record {PORT} {REVIEWS} --out {{out}}/right.trace"),
            Step(f"record hf:ports/layer_nudged {REVIEWS} --out {{out}}/wrong.trace --full-rows 20"),
            Step(f"compare trace:{{out}}/right.trace {PORT} --out {{out}}/live"),
            Step("compare trace:{out}/right.trace trace:{out}/wrong.trace --out {out}", 1),
            Step(f"record {PORT} {REVIEWS} --out {{out}}/right.trace", 2),
        ),
    ),
    _compare("outputs", "parity", f"outputs:fixtures/outputs.jsonl {PORT}", REVIEWS),
    _compare("outputs-rounded", "not_comparable", f"outputs:outputs/rounded.csv {PORT}", REVIEWS),
    _compare(
        "outputs-turned", "divergent", "outputs:fixtures/outputs.jsonl outputs:outputs/turned.jsonl", REVIEWS
    ),
    Case(
        "inspect",
        None,
        (Step(f"inspect {ARCHIVE}"), Step(f"inspect {PORT}"), Step("inspect hf:models/tags")),
    ),
)

FAILURES = (
    Case(
        "usage",
        None,
        (
            Step(f"compare '{PORT}?dtyp=float16' {PORT} {REVIEWS} --out {{out}}/option", 2),
            Step(f"compare {PORT} {PORT} --polcy x --out {{out}}/command", 2),
            Step(f"compare {PORT} hf:nowhere/at-all {REVIEWS} --out {{out}}", 2),
            Step(f"compare {PORT} {PORT} --inputs rows/empty.jsonl --out {{out}}/empty", 2),
            Step("seeds recipes/wrong.toml --out {out}/seeds", 2),
        ),
    ),
    Case(
        "failed-run",
        None,
        (
            Step(f"compare {PORT} {PORT} --timeout 0.2 {REVIEWS} --out {{out}}", 3),
            Step(f"compare {PORT} {PORT}@dies.sh {REVIEWS} --out {{out}}/died", 2),
        ),
    ),
)

SEEDS = (
    Case(
        "seeds-recipe",
        "unstable",
        (
            Step("seeds recipes/recipe.toml --seeds 3 --out {out}", 1),
            Step(
                "compare 'finetune:recipes/recipe.toml?seed=1' 'finetune:recipes/recipe.toml?seed=2' "
                "--seeds {out}/audit.json --out {out}/scale",
                1,
            ),
        ),
    ),
    Case(
        "seeds-baseline",
        "inconclusive",
        (Step("seeds recipes/slower.toml --baseline recipes/recipe.toml --seeds 3 --out {out}", 1),),
    ),
    Case(
        "seeds-grid",
        "inconclusive",
        (Step("seeds recipes/recipe.toml --init-seeds 2 --order-seeds 2 --metric nll --out {out}", 1),),
    ),
    Case(
        "seeds-elsewhere",
        "unstable",
        (
            Step(
                "seeds "
                + " ".join(f"outputs:runs/run-{number}.jsonl" for number in range(1, 7))
                + " --inputs runs/run-1.jsonl --factors runs/seeds.csv --slices label --temperature 2 --out {out}",
                1,
            ),
            Step("report {out} --out {out}/again", 1),
        ),
    ),
    Case(
        "seeds-allennlp",
        "inconclusive",
        (Step(f"seeds allennlp-train:recipes/config.jsonnet --seeds 2 {TEXTS} --out {{out}}", 1),),
    ),
)

# The longest first, so that no job is left alone with one of them at the end.
CASES: tuple[Case, ...] = (*SEEDS, *PORTS, *RECORDED, *FAILURES, *PAIRS, *POLICIES)
