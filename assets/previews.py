"""Leave to use what Dagster still calls beta or preview, without a warning for each asset and check.

It is needed for `backfill_policy` (factory.py) and for `partitions_def` of a check (checks.py); leaving either is one edit there.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg


@contextmanager
def previews() -> Iterator[None]:
    """Within it (or as a decorator) beta and preview features don't warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        warnings.simplefilter("ignore", dg.PreviewWarning)
        yield
