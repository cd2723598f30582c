"""What `import parity` offers, behind its names: one module for what is called on a pair, on runs, on one subject."""
