"""Rates are kept in one file of the home, whole or not at all."""

import pytest
from rates_of import dedup_rates

from corpus_platform.errors import SettingsError
from corpus_platform.planning.rates import FILE, read_rates, write_rates


def test_rates_come_back_from_their_file_as_they_were(tmp_path):
    write_rates(tmp_path / "home" / FILE, dedup_rates())

    assert read_rates(tmp_path / "home" / FILE) == dedup_rates()
    assert (tmp_path / "home" / FILE).read_text().startswith("# Measured by `corpus plan --measure`")


def test_without_rates_the_command_that_makes_them_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"no rates at .*rates.yaml yet: corpus plan --measure"):
        read_rates(tmp_path / FILE)


@pytest.mark.parametrize("text", ["a: [", "measured: yesterday\n", "", "{}"])
def test_a_file_that_holds_no_rates_is_refused_with_what_to_do(tmp_path, text):
    (tmp_path / FILE).write_text(text)

    with pytest.raises(SettingsError, match=r"has no rates .*measure anew"):
        read_rates(tmp_path / FILE)
