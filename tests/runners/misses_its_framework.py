"""A runner whose framework is not installed anywhere."""

import importlib

PROTOCOL = 2

importlib.import_module("no_such_framework.models")
