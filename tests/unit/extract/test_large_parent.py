"""A helper's memory is its own: a large parent process does not make every page start a new helper."""

import subprocess
import sys

SCRIPT = """
from corpus_platform.extract.extractor import RECYCLE_ABOVE, Extractor

ballast = b"x" * (RECYCLE_ABOVE + (64 << 20))
with Extractor("resiliparse") as extractor:
    helpers = set()
    for i in range(5):
        extractor.extract(f"<html><body><main><p>Page {i} has a paragraph of its own.</p></main></body></html>")
        helpers.add(id(extractor._helper) if extractor._helper else i)
    print(len(helpers), len(ballast) > RECYCLE_ABOVE)
"""


def test_a_large_parent_keeps_one_helper_for_many_pages():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.split() == ["1", "True"]
