"""Warm starts: processes forked from one that has imported the frameworks already, so that a test does not pay for that again.

What is started is the same: the same interpreter runs the same file with the same arguments, variables and descriptors, in a
process and a session of its own. Imports of third parties alone are shared: nothing of parity's foreign side, of Transformers or
of AllenNLP is imported beforehand, since what these read when they are imported (variables, hooks) is part of what is tested.
A start that asks for other variables than the warm process has is a cold one. `PARITY_TEST_COLD=1` makes every start cold.
"""
