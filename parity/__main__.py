"""`python -m parity`: the command line, where the script is not on PATH."""

from parity.cli import main

main()
