"""The proof: tables of small real models, each row a pair whose right verdict is known, run through `parity` as users run it.

    python -m proof                             every table; writes docs/proof-TABLE.md
    python -m proof reload heads                these tables
    python -m proof --tenth --seed 7            a drawn tenth of each table; writes nothing under docs/
    python -m proof heads --case "*gpt2*"       the cases of these names; writes nothing under docs/
    python -m proof --fresh                     forgets what is kept of earlier runs

It exits with 1 if any row is broken, prints each broken row, and closes with `N passed, N failed`. Two cases run at once (`--jobs`).

A table is one module under `proof/tables/`; its name is the module's (`proof/tables/reload.py` is the one to copy). It has:

    TITLE = "A folder against its copy"          the heading of its page
    EXPECTED = "Every pair is `parity`."         what is expected of every row, in a sentence or a few
    COLUMNS = ("verdict", "stages")              the columns after the case's name
    def cases(seed: int) -> list[Case]           named, independent of one another, the same for the same seed
    def run(case: Case, folder: Path) -> Row     runs one in an empty folder of its own; Row(cells, broken="a sentence")

`cases` runs in the process of `python -m proof`, `run` in one of its workers: import torch and transformers inside `run`, not at
the top. What a case needs besides its name is in `Case.data` (plain values). A row is broken when `Row.broken` is not empty, and when
`run` raises. Cells are text without times or paths, the same in every run: they are committed.

What helps: `proof.tiny.build` (a tiny folder of any architecture), `proof.vary` (a copy that differs in named tensors, or in its
configuration), `proof.audits.compare` and `seeds` (run the command, give the record or the error), `proof.audits.write_texts`,
`proof.audits.materials` (the materials beside the repository: PARITY_MATERIALS, by default ../shared).

Results are kept under `.proof/` as JSON lines, by table, case and a digest of the sources they depend on (parity/, adapters/, proof/ and
the table's file) and of the versions; a run that was killed continues where it stopped. A case that raised is never kept.
"""
