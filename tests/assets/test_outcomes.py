"""What a materialisation says of records: shares only where what is kept is what is left of what was read."""

import pytest

from assets.metadata import _outcome
from corpus_platform.stages.run import Report


def report(rows: int, **counters: int) -> Report:
    named = {name.replace("__", ":"): n for name, n in counters.items()}
    return Report("web.pages", {}, "run", 1, True, rows, 10, 1, 1, 0, 0, 1.0, 1, named)


def test_kept_and_lost_records_have_shares():
    lines = _outcome(report(8, records=10, kept=8, dropped__too_short=2)).splitlines()

    assert lines[2:] == ["| read | 10 | 100.0% |", "| too short | 2 | 20.0% |", "| **kept** | 8 | 80.0% |"]


def test_texts_held_back_are_no_loss():
    assert "| **kept** | 8 | 80.0% |" in _outcome(report(1, records=10, kept=8, held_out=2))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (report(1_889, keys=4_977), "1,889 rows"),
        (report(12, records=572, kept=12), "12 rows of 572 records"),
        (report(659, records=572, kept=659), "659 rows of 572 records"),
    ],
)
def test_rows_that_are_no_records_have_no_share(found, said):
    assert _outcome(found) == said
