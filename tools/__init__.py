"""Scripts about the repository itself; nothing of them is in the wheel."""
