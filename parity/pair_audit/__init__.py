"""The audit of a pair: both sides are run, measured, judged and described."""
