"""The tables of the proof, one module each."""
