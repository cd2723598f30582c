"""Training: recipes, their rows, and where trained runs are kept; everything that an adapter that trains may use."""
