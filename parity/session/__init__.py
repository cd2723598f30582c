"""Sessions: opened subjects, what they are fed, and windows of inputs."""
