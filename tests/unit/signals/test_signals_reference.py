"""The signal reference is made from the registry and is not stale."""

import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "signals.md"


def test_the_committed_reference_is_current():
    # In a process of its own, for tests add families to the registry of this one.
    program = "from corpus_platform.signals.reference import signals_markdown as made; print(made(), end='')"
    made = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    ).stdout

    assert PAGE.read_text(encoding="utf-8") == made, "run: corpus signals list --markdown > docs/signals.md"
