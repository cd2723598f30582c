"""parity: do two runs of the same model say the same thing?"""
