"""A report tells an error of a layer's own from one that it inherits."""

from __future__ import annotations

from parity.records.audit import Audit
from parity.records.layers import LayerRecord, ModulePair, OriginRecord
from parity_reports.compare.own_errors import own_error_lines, own_error_sentence
from tests.audit_parts import audit


def layer(stage: str, own: float | None, total: float, reason: str = "") -> LayerRecord:
    beyond = own is not None and own > 1e-12
    return LayerRecord(
        stage=stage,
        isolated_relative_l2=own,
        total_relative_l2=total,
        noise_floor=1e-16,
        allowed=1e-12,
        precision="float64",
        own=beyond,
        reason=reason,
    )


def shown(*layers: LayerRecord, modules: dict[str, list[str]] | None = None, paired: str = "") -> Audit:
    origins = [
        OriginRecord(
            module=ModulePair(reference=name, candidate=name),
            stages=stages,
            isolated_relative_l2=1e-3,
            total_relative_l2=1e-3,
            noise_floor=1e-16,
            times_floor=1e13,
            rows=[0],
            paired_by=paired,
        )
        for name, stages in (modules or {}).items()
    ]
    return audit(layers=list(layers), origins=origins)


TWO = (
    layer("embeddings", 0.0, 0.0),
    layer("layer.0", 2e-3, 2e-3),
    layer("layer.1", 0.0, 3e-3),
    layer("layer.2", 1e-16, 4e-3),
    layer("logits", 0.0, 1e-3),
)


def test_the_first_screen_says_which_stages_have_an_error_of_their_own_and_that_others_inherit() -> None:
    sentence = own_error_sentence(shown(*TWO))
    assert "An error of its own: layer 0; layer 1 to logits only inherit." == sentence


def test_nothing_is_said_where_nothing_was_measured() -> None:
    assert ("", ()) == (own_error_sentence(shown()), own_error_lines(shown()))


def test_a_terminal_has_own_error_and_total_side_by_side_in_runs_of_stages() -> None:
    assert (
        "embeddings: isolated 0, total 0: no error",
        "layer.0: isolated 2.0e-03, total 2.0e-03: an error of its own",
        "layer.1 to logits: isolated up to 1.0e-16, total up to 4.0e-03: inherited",
    ) == own_error_lines(shown(*TWO))


def test_where_no_stage_could_be_isolated_the_reason_is_said() -> None:
    seen = shown(layer("layer.0", None, 1e-3, "the reference replays what was recorded"))
    expected = "Which stage has an error of its own is not known: the reference replays what was recorded."
    assert (expected, ()) == (own_error_sentence(seen), own_error_lines(seen))


def test_a_module_beside_the_stages_is_named() -> None:
    seen = shown(layer("layer.0", 0.0, 1e-3), modules={"model.rotary_emb": ["layer.0"]})
    assert "An error of its own: model.rotary_emb; layer 0 only inherits." == own_error_sentence(seen)


def test_the_modules_inside_layers_are_named_with_the_layers() -> None:
    seen = shown(*TWO, modules={"layer.0.attention.query": ["layer.0"]}, paired="path, class and shapes")
    sentence = (
        "An error of its own: layer 0; layer 1 to logits only inherit. It is that of layer.0.attention.query."
    )
    assert sentence == own_error_sentence(seen)
    assert "layer.0.attention.query in layer.0: isolated 1.0e-03, total 1.0e-03" == own_error_lines(seen)[-1]
