"""Text: numbers and names in the same words in every report."""
