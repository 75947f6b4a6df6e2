"""The made sample: two small crawl snapshots, encyclopedia dumps, a little of every other source, and data sets of dialogues.

`corpus demo` runs on it where there is no internet.

Every text is written for this project (`pages/`), put together by a grammar (`prose.py`), or rendered from the documentation of the Python
that runs (`manual.py`). Hosts end in `.example`; people, places and companies are invented.

    from corpus_platform.sample import make_sample
    report = make_sample(Path("sample"))

Not here: readers of such files (`sources/`), and anything that downloads.
"""

from corpus_platform.sample.make import SampleReport, make_sample
from corpus_platform.sample.sources import copy_mixes, copy_recipes

__all__ = ["SampleReport", "copy_mixes", "copy_recipes", "make_sample"]
