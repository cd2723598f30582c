"""The AllenNLP adapter: archives and serialization directories of AllenNLP 2.10.1, in an environment parity builds.

The environment is the slim set of requirements.txt beside this file, installed without dependencies: 1.8 GB where all that
AllenNLP and allennlp-models declare takes 2.5 GB, and 49 packages where it takes 124. What is left out is imported
by AllenNLP and never called when an archive is loaded and run; `import_stubs.py` stands in for it: the clients of cloud
stores, fairscale, h5py, scikit-learn, scipy, tensorboard, torchvision, nltk, lmdb, Pillow, rich, datasets, wandb. What is
lost with them: ELMo (its weights are HDF5), images, training with those loggers, AllenNLP's own downloads; and spaCy's
trained pipelines, of which only the word splitting is used (a blank pipeline splits the same), so a model that reads
parts of speech sees none. An archive that needs more is questioned in an interpreter of the user's own that has it:
`allennlp:x.tar.gz@/envs/full/bin/python`.
"""

from pathlib import Path

from parity.adapter import Adapter, Option
from parity.environment import Managed

__all__ = ["adapter"]

_HERE = Path(__file__).parent

adapter = Adapter(
    scheme="allennlp",
    runner=_HERE / "runner.py",
    options=(
        Option(
            "transformer",
            "text",
            "the folder (config.json and vocabulary) of the transformer that the archive names, "
            "or NAME=PATH pairs with commas between",
        ),
        Option("include", "text", "packages to import first, with commas between, as --include-package does"),
        Option("predictor", "text", "the predictor that turns text into an instance, by its registered name"),
        Option(
            "reader", "choice", "which of the archive's two readers encodes", choices=("validation", "train")
        ),
        Option("batch_size", "integer", "the most rows a batch may have"),
        Option("temperature", "number", "what the logits are divided by before probabilities are taken"),
    ),
    environment=Managed(
        name="allennlp-2.10.1",
        python="3.10",
        requirements=_HERE / "requirements.txt",
        cost="1.8 GB on disk (0.8 GB to fetch, most of it torch), half a minute with uv and several minutes with pip",
    ),
    framework=("torch", "transformers", "allennlp"),
)
