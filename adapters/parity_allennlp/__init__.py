"""The AllenNLP adapters: archives of AllenNLP 2.10.1, and its trainings run again, in an environment parity builds.

allennlp:reviews.tar.gz   allennlp-train:config.jsonnet?seed=1

`allennlp-train:` trains with three seeds (`seed` sets all), keeps what it trained in parity's folder of runs, and then
answers as `allennlp:` does for that archive. A training config is the user's own code, and is run as such.

The environment is the slim set of requirements.txt beside this file, installed without dependencies: 1.8 GB where all that
AllenNLP and allennlp-models declare takes 2.5 GB, and 49 packages where it takes 124. The omitted packages are imported
by AllenNLP and never called when an archive is loaded and run; `import_stubs.py` replaces them: the clients of cloud
stores, fairscale, h5py, scikit-learn, scipy, tensorboard, torchvision, nltk, lmdb, Pillow, rich, datasets, wandb. This
loses ELMo (its weights are HDF5), images, training with those loggers, AllenNLP's own downloads; and spaCy's
trained pipelines, of which only the word splitting is used (a blank pipeline splits the same), so a model that reads
parts of speech sees none. An archive that needs more runs in an interpreter of the user that has it:
`allennlp:x.tar.gz@/envs/full/bin/python`.
"""

from pathlib import Path

from parity.subjects.adapter import Adapter, Managed, Option
from parity.subjects.factors import Factor, Trains
from parity.subjects.subject import Subject

__all__ = ["adapter", "train_adapter"]

_HERE = Path(__file__).parent
_FRAMEWORK = ("torch", "transformers", "allennlp")
_ENVIRONMENT = Managed(
    name="allennlp-2.10.1",
    python="3.10",
    requirements=_HERE / "requirements.txt",
    cost="1.8 GB on disk (0.8 GB to fetch, most of it torch), half a minute with uv and several minutes with pip",
)
_ANSWERING = (
    Option("include", "text", "packages to import first, separated by commas, as --include-package does"),
    Option("predictor", "text", "the predictor that turns text into an instance, by its registered name"),
    Option("reader", "choice", "which of the archive's two readers encodes", choices=("validation", "train")),
    Option("batch_size", "count", "so many rows at a time, on this side"),
    Option("temperature", "positive", "what the logits are divided by before probabilities are taken"),
)


def _with_runs(_: Subject, options: dict[str, str]) -> dict[str, str]:
    """The options with the folder of runs, which is known on this side."""
    from parity.training.run_cache import runs_folder

    return {**options, "runs": str(runs_folder(options.get("runs")))}


adapter = Adapter(
    scheme="allennlp",
    runner=_HERE / "runner.py",
    options=(
        Option(
            "transformer",
            "text",
            "the folder (config.json and vocabulary) of the transformer that the archive names, "
            "or NAME=PATH pairs separated by commas",
        ),
        *_ANSWERING,
    ),
    environment=_ENVIRONMENT,
    framework=_FRAMEWORK,
    examples={"allennlp:model.tar.gz": "an archive, run by AllenNLP itself"},
)

train_adapter = Adapter(
    scheme="allennlp-train",
    runner=_HERE / "train_runner.py",
    prepare=_with_runs,
    trains=Trains(
        factors=(
            Factor("random_seed", "the order of the training rows", None, makes=("order",)),
            Factor("numpy_seed", "numpy's draws", None),
            Factor("pytorch_seed", "initial weights and dropout", None, makes=("weights", "dropout")),
        ),
        moved=("seed",),
        together="AllenNLP draws initial weights and dropout from one stream (pytorch_seed) and the order from another (random_seed): "
        "initial weights cannot be moved alone.",
        instead="Give --seeds N, or each run by itself: CONFIG?random_seed=1&pytorch_seed=2.",
    ),
    options=(
        Option("seed", "integer", "sets all three seeds; by default each as the config has it"),
        Option("random_seed", "integer", "Python's, which shuffles the training rows"),
        Option("numpy_seed", "integer", "numpy's"),
        Option("pytorch_seed", "integer", "torch's, which makes new weights and draws the dropout masks"),
        Option("vars", "text", "the config's external variables: NAME=VALUE, separated by commas"),
        Option(
            "transformer",
            "text",
            "the folder (with weights) of the transformer that the config names, or NAME=PATH pairs separated by commas",
        ),
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
        *_ANSWERING,
    ),
    environment=_ENVIRONMENT,
    framework=_FRAMEWORK,
    examples={'"allennlp-train:config.jsonnet?seed=1"': "a config, trained with seed 1"},
)
