"""Sessions: opened subjects, their feeds, and windows of inputs."""
