"""Cosines, lengths and neighbours, against plain loops."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from parity.measure.embeddings import EmbeddingSums, Vectors, rows_sampled

Floats = npt.NDArray[np.float64]


def sums(here: Floats, there: Floats) -> EmbeddingSums:
    found = EmbeddingSums(rows_sampled(len(here)))
    rows = np.arange(len(here))
    for part in (slice(0, 7), slice(7, None)):
        found.add(Vectors(rows[part], here[part], there[part]))
    return found


def plain_overlap(here: Floats, there: Floats, at: int) -> float:
    near: list[list[set[int]]] = []
    for side in (here, there):
        unit = side / np.linalg.norm(side, axis=1, keepdims=True)
        cosines = unit @ unit.T - 9 * np.eye(len(side))
        near.append([set(np.argsort(-row)[:at].tolist()) for row in cosines])
    return sum(len(one & other) for one, other in zip(*near, strict=True)) / (at * len(here))


def test_neighbours_are_those_of_a_plain_loop() -> None:
    generator = np.random.default_rng(0)
    here = generator.normal(size=(40, 6))
    there = here + 0.5 * generator.normal(size=(40, 6))
    seen = sums(here, there).neighbours()
    assert seen is not None
    assert (10, 40) == (seen.at, seen.sample)
    assert abs(seen.overlap - plain_overlap(here, there, 10)) < 1e-12


def test_cosines_and_lengths_are_those_of_their_formulas() -> None:
    generator = np.random.default_rng(1)
    here, there = generator.normal(size=(2, 12, 5))
    seen = sums(here, there)
    cosines = [float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)) for a, b in zip(here, there, strict=True)]
    assert abs(seen.cosine_mean - np.mean(cosines)) < 1e-12
    assert abs(seen.furthest[0].cosine - min(cosines)) < 1e-12
    ratios = np.linalg.norm(there, axis=1) / np.linalg.norm(here, axis=1)
    assert abs(seen.norm_ratio - ratios.mean()) < 1e-12


def test_among_few_texts_not_every_other_one_is_a_neighbour() -> None:
    """With all others as neighbours two unlike sets of vectors would share them all."""
    generator = np.random.default_rng(3)
    here, there = generator.normal(size=(2, 8, 6))
    seen = sums(here, there).neighbours()
    assert seen is not None
    assert (3, 8) == (seen.at, seen.sample)
    assert abs(seen.overlap - plain_overlap(here, there, 3)) < 1e-12
    assert seen.overlap < 1.0
    assert sums(here[:2], there[:2]).neighbours() is None


def test_copies_of_one_text_are_equally_near() -> None:
    generator = np.random.default_rng(2)
    here = np.repeat(generator.normal(size=(4, 8)), 9, axis=0)
    there = here * (1 + 1e-8 * generator.normal(size=here.shape))
    seen = sums(here, there).neighbours()
    assert seen is not None
    assert 1.0 == seen.overlap


def test_a_vector_without_a_direction_is_counted_and_is_in_no_number() -> None:
    here = np.eye(5)
    there = here.copy()
    there[2] = 0.0
    there[3, 0] = np.nan
    seen = sums(here, there)
    assert (3, 2, 1.0) == (seen.rows, seen.undefined, seen.cosine_mean)


def test_two_thousand_rows_are_evenly_drawn_and_one_has_no_neighbour() -> None:
    drawn = rows_sampled(100_001)
    assert (0, 100_000, 2_000) == (drawn[0], drawn[-1], len(drawn))
    assert sums(np.ones((1, 3)), np.ones((1, 3))).neighbours() is None
