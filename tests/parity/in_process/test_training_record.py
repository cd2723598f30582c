"""What a training leaves in the record of its run."""

from __future__ import annotations

import torch

from parity._in_process import training_record, weights
from parity._in_process.run_folder import Claim


def test_losses_are_thinned_and_end_in_the_mean_of_the_last_tenth() -> None:
    losses = [(step, float(step)) for step in range(1, 1001)]
    found = training_record.losses_of(losses, 1000)
    assert [[step, float(step)] for step in range(1, 1001, 5)] == found["losses"]
    assert sum(range(901, 1001)) / 100 == found["final_loss"]


def test_a_loss_that_is_not_finite_is_none_and_so_is_the_mean_with_it() -> None:
    found = training_record.losses_of([(1, 0.5), (2, float("nan"))], 2)
    assert {"losses": [[1, 0.5], [2, None]], "final_loss": None} == found


def test_a_training_without_a_step_has_no_final_loss() -> None:
    assert {"losses": [], "final_loss": None} == training_record.losses_of([], 0)


def test_the_beginning_is_the_digest_of_all_weights_and_of_those_of_the_head() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 1))
    parameters = weights.parameters(model)
    head = [one for one in parameters if one["name"].startswith("1.")]
    assert {
        "initial_digest": weights.weights_digest(parameters),
        "head_digest": weights.weights_digest(head),
    } == training_record.beginning(model, lambda name: name.startswith("1."))
    assert training_record.beginning(model, lambda name: False)["head_digest"] is None


def test_a_run_is_described_without_its_files_and_with_its_folder() -> None:
    claimed = Claim("/runs/a", "", {"steps": 3, "files": {}, "recipe": {}})
    assert {"steps": 3, "folder": "/runs/a", "trained_now": False} == training_record.described(
        claimed, hidden=("recipe",)
    )
