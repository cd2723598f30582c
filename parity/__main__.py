"""`python -m parity`: the command line, where the script is not on PATH."""

from parity.cli.app import main

main()
