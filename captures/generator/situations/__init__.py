"""Small captures, each of one situation that an analyser can get wrong. One file for each group of them; a function is a situation.

Reading order: cast.py (the hosts and a short call of each era), then any group.
"""

import importlib

from .cast import SITUATIONS

for group in ("several", "both_ends", "each_end", "moves", "parts", "outcomes", "wires", "whose", "who"):
    importlib.import_module("." + group, __name__)

NAMES = list(SITUATIONS)


def build(name):
    """The scene called NAME."""
    return SITUATIONS[name].build()


def summary(name):
    """What the situation shows: one sentence."""
    return SITUATIONS[name].shows
