"""The seed audit: the runs of one recipe as a population; the effect of the recipe, and the effect of one seed.

First the recipe and its runs, then the statistics, which are pure (arrays in, records out), one noun a file: integrity and
failed runs first; metric, churn, agreement, distances, calibration, variance, cka of one population; difference, excess and
slices between two; then power, and the verdict.
"""
