"""What the command line prints."""

import pyarrow as pa
import pytest

from corpus_platform.errors import SettingsError
from corpus_platform.printing import check_format, print_rows


def test_values_are_printed_whole_and_as_they_are(capsys):
    long = "0123456789" * 40

    print_rows(pa.table({"[red]name": ["[bold]x[/bold]", long], "nothing": [None, None]}), "table")

    printed = capsys.readouterr().out
    assert "[red]name" in printed
    assert "[bold]x[/bold]" in printed
    assert printed.replace("\n", "").replace(" ", "").endswith(long)


def test_an_unknown_format_is_refused():
    with pytest.raises(SettingsError, match="no format `xml`; there are table, csv and json"):
        check_format("xml")
