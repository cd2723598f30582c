"""Pairs that are the same model: read again, under another attention, under another padding, in batches of another size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from proof.multiples import beyond, largest_multiple, lines, multiple_in_words
from proof.table import Case, Row

TITLE = "The same model, read again, under another attention, under another padding and in batches of another size"
EXPECTED = """Every pair is `parity`, in kept float64 too; an attention that an architecture does not have is refused. The exception are architectures that depend on their
padding by design, in the pairs of unlike padding or batches; there a finding has to say so (`batch.composition`): fnet (a Fourier transform over all positions), nystromformer (landmarks are means over
segments of the batch's length), convbert and mobilebert (convolutions and trigrams reach into the padding), funnel (pooling halves the
padded sequence, and cannot take three tokens alone), xlnet (its label is read at the last position, which is padding where a tokenizer
pads on the right), yoso (it expects masked keys at -10,000, and is given the lowest number of float32)."""
COLUMNS = ("verdict", "multiple of the floor", "float64", "largest relative L2 in float64", "said of padding")

_SEQUENCES = (
    "Albert", "Bart", "Bert", "BigBird", "BioGpt", "Bloom", "Camembert", "ConvBert", "Data2VecText", "Deberta", "DebertaV2", "DistilBert",
    "Electra", "Ernie", "Esm", "FNet", "Falcon", "Funnel", "GPT2", "GPTNeo", "GPTNeoX", "GPTJ", "Gemma", "Gemma2", "Gemma3Text",
    "GptOss", "IBert", "LayoutLM", "Llama", "Longformer", "MBart", "MPNet", "MT5", "MegatronBert", "Mistral", "Mixtral",
    "MobileBert", "ModernBert", "Nystromformer", "OPT", "Phi", "Phi3", "Qwen2", "Qwen3", "Qwen3Moe", "RemBert", "RoFormer",
    "Roberta", "RobertaPreLayerNorm", "SqueezeBert", "StableLm", "Starcoder2", "T5", "XLM", "XLMRoberta", "XLNet", "Yoso",
)  # fmt: skip
_BARE = ("CohereModel", "OlmoModel", "XGLMModel")
_BY_DESIGN = {"FNet", "Nystromformer", "ConvBert", "MobileBert", "Funnel", "XLNet", "Yoso"}
_PAIRS = {
    "read again": ("", ""),
    "eager, sdpa": ("?attn=eager", "?attn=sdpa"),
    "padded to the longest, to max_length": ("?padding=longest", "?padding=max_length"),
    "in batches of 1, of 32": ("?batch_size=1", "?batch_size=32"),
}
_CAUSE = "batch.composition"
_TIMES = 5  # each text so often, so that 40 rows are more than a batch


def cases(seed: int) -> list[Case]:
    """One case a pair of each architecture."""
    names = sorted([*(f"{name}ForSequenceClassification" for name in _SEQUENCES), *_BARE])
    return [
        Case(f"{name}: {pair}", {"architecture": name, "pair": pair, "seed": seed})
        for name in names
        for pair in _PAIRS
    ]


def summary(rows: Sequence[tuple[Case, Row]]) -> list[str]:
    """How many pairs of the same model pass a multiple of the noise floor: what a verdict at that multiple would call them."""
    shares = [
        (pair, beyond(cells))
        for pair in _PAIRS
        if pair != "read again"
        and (
            cells := [
                row.cells[1]
                for case, row in rows
                if case.data["pair"] == pair
                and row.cells[1]
                and not _depends(str(case.data["architecture"]), pair)
            ]
        )
    ]
    return [
        "Pairs of the same model in which a stage is farther apart than this multiple of its noise floor, without those that depend on their padding",
        "by design. parity calls 5 times noise.",
        "",
        *lines("false alarms", shares),
    ]


def _depends(architecture: str, pair: str) -> bool:
    """Whether what is compared may differ by design."""
    unlike = any(pair.startswith(way) for way in ("padded", "in batches"))
    return unlike and any(architecture.startswith(start) for start in _BY_DESIGN)


def run(case: Case, folder: Path) -> Row:
    """Build the folder, compare it with itself under the options of the pair."""
    from proof.audits import TEXTS, compare, write_texts
    from proof.tiny import build
    from proof.vary import copy

    name, pair = str(case.data["architecture"]), str(case.data["pair"])
    model = build(name, folder / "model", seed=int(case.data["seed"]))
    twin = copy(model, folder / "copy") if pair == "read again" else model
    texts = write_texts(folder / "texts.jsonl", TEXTS * _TIMES)
    options = _PAIRS[pair]
    compared = compare(
        f"hf:{model}{options[0]}", f"hf:{twin}{options[1]}", folder / "audit", "--inputs", str(texts)
    )
    audit = compared.audit
    by_design = _depends(name, pair)
    if audit is None:
        # An attention that the architecture does not have is refused in a sentence.
        refused = pair == "eager, sdpa" and compared.verdict == "[bad-option-value]"
        return Row(
            ("no sdpa" if refused else compared.verdict, "", "", "", ""),
            "" if refused else compared.complaint.strip(),
        )
    seen = [record.float64_relative_l2 for record in audit.stages if record.float64_relative_l2 is not None]
    status = dict.fromkeys((audit.noise.reference_float64, audit.noise.candidate_float64))
    said = next((one.standing for one in audit.findings if one.cause == _CAUSE), "") or ""
    multiple = multiple_in_words(largest_multiple(audit))
    cells = (audit.verdict, multiple, " / ".join(status), f"{max(seen):.0e}" if seen else "", said)
    expected = audit.verdict == "parity" or (audit.verdict == "divergent" and by_design and said)
    too_short = name.startswith("Funnel") and pair.startswith("in batches")
    lost = any(item.stage == "float64" for item in audit.not_compared) and not too_short
    return Row(cells, "" if expected and not lost else audit.headline)
