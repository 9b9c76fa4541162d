"""One file per capture. Each has build(), which returns a finished-to-write Scene; add a scene by adding it to NAMES."""

import importlib

NAMES = ["facetime-2010-inbound", "facetime-2010-outbound", "facetime-ios7", "facetime-relay", "facetime-direct"]


def build(name):
    """The scene called NAME; its module has the same name with underscores."""
    module = importlib.import_module("." + name.replace("-", "_"), __name__)
    return module.build(name)


def summary(name):
    """The first line of the module's description."""
    module = importlib.import_module("." + name.replace("-", "_"), __name__)
    return module.__doc__.splitlines()[0]
