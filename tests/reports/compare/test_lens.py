"""A report shows what each layer would have decided, and a terminal says where the decisions part."""

from __future__ import annotations

from parity.records.lens import LensRecord, LensTemperature
from parity_reports.blocks import Figure, Prose, Table
from parity_reports.compare.lens import build_lens, lens_lines
from parity_reports.figures.curve import Curve, draw_curve
from tests.audit_parts import audit


def layer(stage: str, agree: int, tv: float, over: int | None = None) -> LensRecord:
    temperatures = [
        LensTemperature(
            temperature=temperature,
            js_mean=tv / 10,
            tv_mean=tv,
            max_abs_probability=2 * tv,
            agree=agree,
        )
        for temperature in (0.5, 1.0, 2.0)
    ]
    return LensRecord(stage=stage, decided=5, undefined=0, temperatures=temperatures, over=over)


PARTING = [
    layer("embeddings", 5, 0.0),
    layer("layer.0", 5, 1e-9),
    layer("layer.1", 2, 0.1),
    layer("layer.2", 3, 0.2),
]


def test_a_terminal_says_up_to_which_layer_the_decisions_are_the_same() -> None:
    line = (
        "Each side's own head on every layer: decisions are the same up to layer.0 and first differ at layer.1 (3 of 5); "
        "at layer.2, the last, 2 of 5 do"
    )
    assert (line,) == lens_lines(audit(lens=PARTING))


def test_nothing_is_said_in_a_terminal_where_no_decision_differs() -> None:
    assert ((), ()) == (lens_lines(audit(lens=PARTING[:2])), lens_lines(audit()))


def test_a_first_and_a_last_layer_are_named_without_what_is_not_there() -> None:
    (only,) = lens_lines(audit(lens=[layer("layer.0", 5, 0.0), layer("layer.1", 4, 0.1)]))
    assert only.endswith(
        ": decisions are the same up to layer.0 and first differ at layer.1 (1 of 5), the last"
    )
    (again,) = lens_lines(audit(lens=[layer("embeddings", 4, 0.1), layer("layer.0", 5, 0.0)]))
    assert again.endswith(": decisions first differ at embeddings (1 of 5); at layer.0, the last, none do")


def test_the_section_has_a_row_a_layer_with_every_temperature() -> None:
    section = build_lens(audit(lens=PARTING), details=True)
    assert section is not None
    prose, figure, table = section.blocks
    assert isinstance(prose, Prose) and isinstance(figure, Figure) and isinstance(table, Table)
    assert "Decisions are the same up to layer.0 and first differ at layer.1 (3 of 5)" in prose.text
    assert ["embeddings", "layer.0", "layer.1", "layer.2"] == [row.cells[0] for row in table.rows]
    assert ["5 of 5", "5 of 5", "2 of 5", "3 of 5"] == [row.cells[1] for row in table.rows]
    names = [f"{name}, T={t}" for name in ("JS", "TV", "largest difference") for t in ("0.5", "1", "2")]
    assert ["stage", "same decision", *names] == [column.name for column in table.columns]


def test_the_figure_judges_nothing_in_words_either() -> None:
    section = build_lens(audit(lens=PARTING), details=False)
    assert section is not None
    _, figure = section.blocks
    assert isinstance(figure, Figure) and isinstance(figure.drawing, Curve)
    drawn = str(draw_curve(figure.drawing))
    assert "on a log scale: T=0.5, T=1, T=2." in drawn and "divergent" not in drawn


def test_a_part_of_a_vocabulary_is_named_as_such() -> None:
    section = build_lens(audit(lens=[layer("layer.0", 5, 0.1, over=10)]), details=True)
    assert section is not None and isinstance(section.blocks[0], Prose)
    assert "the 10 likeliest tokens" in section.blocks[0].text


def test_without_a_head_on_the_layers_there_is_no_section() -> None:
    assert build_lens(audit(), details=True) is None
