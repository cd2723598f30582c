"""Why two runs part: the published list, and what the evidence of one audit suggests."""
