"""Pairs that are the same model: read again, under another attention, under another padding."""

from __future__ import annotations

from pathlib import Path

from proof.table import Case, Row

TITLE = "The same model, read again, under another attention and under another padding"
EXPECTED = """No pair is `divergent` and no audit fails, in kept float64 either. The exception are architectures that depend on their
padding by design, in the pairs of unlike padding: fnet (a Fourier transform over all positions), nystromformer (landmarks are means over
segments of the batch's length), convbert and mobilebert (convolutions and trigrams reach into the padding), funnel (pooling halves the
padded sequence), xlnet (its label is read at the last position, which is padding where a tokenizer pads on the right)."""
COLUMNS = ("verdict", "float64", "largest relative L2 in float64")

_SEQUENCES = (
    "Albert", "Bart", "Bert", "BigBird", "BioGpt", "Bloom", "Camembert", "ConvBert", "Deberta", "DebertaV2", "DistilBert",
    "Electra", "Ernie", "Esm", "FNet", "Falcon", "Funnel", "GPT2", "GPTNeo", "GPTNeoX", "GPTJ", "Gemma", "Gemma2", "Gemma3Text",
    "GptOss", "IBert", "LayoutLM", "Llama", "Longformer", "MBart", "MPNet", "MT5", "MegatronBert", "Mistral", "Mixtral",
    "MobileBert", "ModernBert", "Nystromformer", "OPT", "Phi", "Phi3", "Qwen2", "Qwen3", "Qwen3Moe", "RemBert", "RoFormer",
    "Roberta", "SqueezeBert", "StableLm", "Starcoder2", "T5", "XLM", "XLMRoberta", "XLNet",
)  # fmt: skip
_BARE = ("CohereModel", "OlmoModel", "XGLMModel")
_BY_DESIGN = {"FNet", "Nystromformer", "ConvBert", "MobileBert", "Funnel", "XLNet"}
_PAIRS = {
    "read again": ("", ""),
    "eager, sdpa": ("?attn=eager", "?attn=sdpa"),
    "padded to the longest, to max_length": ("?padding=longest", "?padding=max_length"),
}


def cases(seed: int) -> list[Case]:
    """One case a pair of each architecture."""
    names = sorted([*(f"{name}ForSequenceClassification" for name in _SEQUENCES), *_BARE])
    return [
        Case(f"{name}: {pair}", {"architecture": name, "pair": pair, "seed": seed})
        for name in names
        for pair in _PAIRS
    ]


def run(case: Case, folder: Path) -> Row:
    """Build the folder, compare it with itself under the options of the pair."""
    from proof.audits import compare, write_texts
    from proof.tiny import build
    from proof.vary import copy

    name, pair = str(case.data["architecture"]), str(case.data["pair"])
    model = build(name, folder / "model", seed=int(case.data["seed"]))
    twin = copy(model, folder / "copy") if pair == "read again" else model
    texts = write_texts(folder / "texts.jsonl")
    options = _PAIRS[pair]
    compared = compare(
        f"hf:{model}{options[0]}", f"hf:{twin}{options[1]}", folder / "audit", "--inputs", str(texts)
    )
    audit = compared.audit
    if audit is None:
        # An attention that the architecture does not have is refused in a sentence.
        refused = pair == "eager, sdpa" and compared.verdict == "[bad-option-value]"
        return Row(
            ("no sdpa" if refused else compared.verdict, "", ""),
            "" if refused else compared.complaint.strip(),
        )
    seen = [record.float64_relative_l2 for record in audit.stages if record.float64_relative_l2 is not None]
    status = dict.fromkeys((audit.noise.reference_float64, audit.noise.candidate_float64))
    cells = (audit.verdict, " / ".join(status), f"{max(seen):.0e}" if seen else "")
    by_design = "padded" in pair and any(name.startswith(start) for start in _BY_DESIGN)
    failed = audit.verdict == "divergent" and not by_design
    lost = any(item.stage == "float64" for item in audit.not_compared)
    return Row(cells, audit.headline if failed or lost else "")
