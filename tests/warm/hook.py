"""Imported by the warm process of the command line: its commands fork their runners."""

from tests.warm.client import use

use()
