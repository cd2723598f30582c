"""The border: one subject in a process of its own, its requests and replies, and the tensors that cross."""
