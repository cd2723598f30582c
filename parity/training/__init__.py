"""Training: recipes, their rows, and where trained runs are kept; all that an adapter that trains may know."""
