"""What language models predict, as exhibits: the numbers, and the texts whose log-likelihoods are furthest apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from parity.records.exhibit import Exhibit, ExhibitColumn
from parity.records.language import Language

__all__ = ["language_exhibits"]


def language_exhibits(record: Language, texts: Mapping[int, str]) -> Iterator[Exhibit]:
    """The tables; `texts` are those of the rows that are named."""
    overlaps = {item.at: item for item in record.overlaps}
    numbers = {
        "positions": record.positions,
        "log-likelihood (reference)": record.reference_log_likelihood,
        "log-likelihood (candidate)": record.candidate_log_likelihood,
        "perplexity (reference)": record.reference_perplexity,
        "perplexity (candidate)": record.candidate_perplexity,
        **{f"{at} likeliest shared": item.mean for at, item in overlaps.items()},
        "KL mean": record.kl_mean,
        "KL max": record.kl_max,
    }
    shown = {name: value for name, value in numbers.items() if value is not None}
    yield Exhibit(
        title="Predicted tokens",
        kind="table",
        columns=[ExhibitColumn(name=name, kind="number") for name in shown],
        rows=[list(shown.values())],
        of="language",
        note=_sentence(record),
    )
    apart = [one for one in record.furthest if one.reference != one.candidate]
    if apart:
        yield Exhibit(
            title="Texts whose log-likelihoods are furthest apart",
            kind="table",
            columns=[
                ExhibitColumn(name="row", kind="number"),
                ExhibitColumn(name="tokens", kind="number"),
                ExhibitColumn(name="reference", kind="number"),
                ExhibitColumn(name="candidate", kind="number"),
                ExhibitColumn(name="text", kind="data"),
            ],
            rows=[
                [one.row, one.tokens, one.reference, one.candidate, texts.get(one.row, "")] for one in apart
            ],
            of="language",
            left_out=max(0, record.texts - len(apart)),
        )


def _sentence(record: Language) -> str:
    """What the numbers are of, for the table's note."""
    what = "each token after the first" if record.predicts == "next" else "each masked token"
    parts: list[str] = []
    if record.tokens:
        parts.append(
            f"Log-likelihoods in nats of {what} of {record.texts:,} texts ({record.tokens:,} tokens), and exp of the mean of -ln p of a token"
        )
    parts.append(
        "the share of the likeliest tokens that both sides name"
        + "".join(f" (of {item.at} at least {item.least:.0%})" for item in record.overlaps)
    )
    if record.kl_max is not None:
        where = (
            ""
            if record.kl_at is None
            else f", the largest in row {record.kl_at[0]} at token {record.kl_at[1]}"
        )
        least = " at least" if record.kl_of == "kept" else ""
        parts.append(f"KL{least} of the candidate's distribution from the reference's in nats{where}")
    if record.sampled:
        parts.append(record.sampled)
    if record.texts_excluded:
        parts.append(f"{record.texts_excluded:,} texts have other tokens on the two sides and are not scored")
    if record.undefined:
        parts.append(f"at {record.undefined:,} positions a side has no distribution")
    sentence = "; ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}."
