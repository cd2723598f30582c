"""The first screen: the verdict in a sentence, and four answers: where, why, whether it matters, what next."""

from __future__ import annotations

from parity.records.audit import Audit
from parity.records.embeddings import Embeddings, Neighbours
from parity_reports.compare.decision_words import decision_noun, decision_sentence, flips_total
from parity_reports.compare.what_next import answer_next
from parity_reports.compare.where import answer_where
from parity_reports.compare.why import answer_why
from parity_reports.pages import Answer, FirstScreen
from parity_reports.text import wording

__all__ = ["build_first_screen"]

_MARKS = {
    "parity": ("✓", "ok", "Parity"),
    "equivalent": ("≈", "ok", "Equivalent"),
    "divergent": ("✕", "bad", "Divergent"),
    "inconclusive": ("?", "warn", "Inconclusive"),
    "not_comparable": ("?", "warn", "Not comparable"),
}


def build_first_screen(audit: Audit) -> FirstScreen:
    """The first screen of an audit."""
    mark, tone, word = _MARKS[audit.verdict]
    notes: list[str] = []
    if audit.inputs.built_in:
        notes.append("Run on parity's built-in probe texts, not on your own data.")
    if "outputs" in (audit.reference.scope, audit.candidate.scope):
        notes.append("At least one side gave its outputs only: its inner stages were not compared.")
    policy = f"Policy {audit.policy.name}, {wording.plural(audit.inputs.count, 'example')} from {audit.inputs.source}"
    accepted = audit.verdict == "inconclusive" and audit.exit_code == 0
    return FirstScreen(
        mark=mark,
        tone=tone,
        word=word,
        headline=audit.headline
        if audit.headline.lower().startswith(word.lower())
        else f"{word}. {audit.headline}",
        notes=tuple(notes),
        answers=(answer_where(audit), answer_why(audit), _matter(audit), answer_next(audit)),
        rule=f"{policy}; exit code {audit.exit_code}{' (--allow-inconclusive)' if accepted else ''}.",
    )


def _matter(audit: Audit) -> Answer:
    question, decisions = "Does it matter?", audit.decisions
    if audit.embeddings is not None and audit.embeddings.neighbours is not None and decisions is None:
        return Answer(
            question, *_of_neighbours(audit.embeddings, audit.embeddings.neighbours), "exhibits", "Seen"
        )
    if decisions is None or decisions.examples == 0:
        return Answer(question, "Not known", decision_sentence(decisions), "predictions", "Predictions")
    noun = decision_noun(decisions)
    if decisions.undefined == decisions.examples:
        phrase = f"None of {wording.plural(decisions.examples, noun)} can be compared: the logits of one side are not finite."
        return Answer(question, "Not known", phrase, "predictions", "Predictions")
    flips = flips_total(decisions)
    moved = max(decisions.temperatures, key=lambda item: item.max_abs_probability, default=None)
    detail = decision_sentence(decisions)
    if moved is not None:
        detail += f" The largest change of a probability is {wording.number(moved.max_abs_probability)}, at T = {moved.temperature:g}."
    if flips and decisions.flips_explained >= flips:
        detail += " Every flip is within the noise."
    elif not flips and decisions.headroom is not None and decisions.headroom.first_at is not None:
        detail += f" The first would flip if the difference were {wording.times(decisions.headroom.first_at)} times as large."
    if decisions.undefined:
        detail += (
            f" In {wording.count(decisions.undefined)}, one side has no {noun}: its logits are not finite."
        )
    title = f"{wording.plural(flips, noun)} flip{'s' if flips == 1 else ''}" if flips else f"No {noun} flips"
    return Answer(question, title, detail, "predictions", "Predictions")


def _of_neighbours(seen: Embeddings, near: Neighbours) -> tuple[str, str]:
    """What a difference does to a search: a title and a sentence."""
    made = (
        ""
        if not seen.pooled
        else f" (vectors are the {seen.pooled} of {seen.stage}, as neither side says how it pools)"
    )
    detail = (
        f"{wording.share(near.overlap)} of the {near.at} nearest neighbours of {wording.plural(near.sample, 'text')} are the same"
        f"{made}; the cosine of the two vectors of a text is at least {wording.number(seen.cosine_min)}."
    )
    title = (
        f"{wording.count(near.changed)} of {wording.count(near.sample)} texts" if near.changed else "No text"
    )
    return f"{title} get{'s' if not near.changed else ''} another neighbour", detail
