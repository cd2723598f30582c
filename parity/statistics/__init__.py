"""Statistics: quantiles, tails, estimates and corrections. Numbers in, numbers out."""
