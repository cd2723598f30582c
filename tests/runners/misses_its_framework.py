"""A runner whose framework is not installed anywhere."""

import importlib

importlib.import_module("no_such_framework.models")
