"""Seeds: runs of one recipe as a population; what the recipe does, and what one seed did.

First the recipe and its runs, then the statistics, which are pure (arrays in, records out), one noun a file: integrity and
failed runs first; metric, churn, agreement, distances, calibration, variance, cka of one population; difference, excess and
slices between two; and what all that permits to say, in power and gate.
"""
