"""UT1 categories of a page's domain, and RedPajama-V2's numbers for them."""

from itertools import chain, combinations

import polars as pl
import pytest

from corpus_platform.signals.annotate import annotate
from corpus_platform.signals.environment import Environment, SignalSettings
from corpus_platform.signals.rpv2_lists import UT1_CATEGORIES, ut1_id


@pytest.fixture
def categories(tmp_path):
    """(number, categories) of some addresses."""
    path = tmp_path / "ut1.txt"
    path.write_text("casino.example gambling\nsub.casino.example adult,bank\nnews.example press\n1.2.3.4 phishing\n")

    def look(addresses, compat="sane", column="url"):
        settings = SignalSettings(compat=compat, lists={"ut1": str(path)})
        frame = pl.DataFrame({"text": [""] * len(addresses), column: pl.Series(addresses, dtype=pl.String)})
        return annotate(frame, ["rps_doc_ut1_blacklist", "ut1_categories"], Environment(settings)).rows()

    return look


def test_numbers_follow_the_order_of_all_sets_by_size():
    every = chain.from_iterable(combinations(UT1_CATEGORIES, size) for size in range(1, len(UT1_CATEGORIES) + 1))

    assert all(ut1_id(own) == number for number, own in enumerate(every))


def test_a_host_has_its_own_categories_and_those_of_its_parents(categories):
    found = categories(
        ["https://user@WWW.Sub.Casino.example.:8080/a?b=c", "http://casino.example", "https://my.news.example/#x"]
    )

    assert found == [
        (ut1_id(("adult", "gambling")), ["adult", "bank", "gambling"]),
        (ut1_id(("gambling",)), ["gambling"]),
        (None, ["press"]),
    ]


def test_the_reference_looks_the_network_location_up_as_it_stands(categories):
    addresses = [
        "https://casino.example/",
        "https://www.casino.example/",
        "https://casino.example:443/",
        "https://Casino.example/",
    ]

    assert categories(addresses, "reference") == [(8, ["gambling"]), (None, []), (None, []), (None, [])]


def test_a_page_without_address_has_no_categories(categories):
    assert categories([None, "no address"]) == [(None, None), (None, None)]


def test_the_domain_is_asked_where_there_is_no_address(categories):
    assert categories(["casino.example"], column="domain") == [(8, ["gambling"])]


def test_an_address_in_numbers_is_looked_up_too(categories):
    assert categories(["http://1.2.3.4/x"]) == [(ut1_id(("phishing",)), ["phishing"])]
