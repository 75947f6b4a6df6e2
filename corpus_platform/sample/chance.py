"""Chance that is decided by names: the same name always gives the same number, whatever else there is.

Not here: what is decided.
"""

import random
import zlib


def number_of(*parts: object) -> int:
    """A number of 32 bits that depends on the parts only."""
    return zlib.crc32("\0".join(map(str, parts)).encode())


def dice(*parts: object) -> random.Random:
    """A source of random numbers that depends on the parts only."""
    return random.Random(number_of(*parts))  # noqa: S311  a sample keeps no secrets
