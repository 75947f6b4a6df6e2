"""What addresses say of their pages, under datatrove's rules."""

import polars as pl
import pytest

from corpus_platform.signals.annotate import compute
from corpus_platform.signals.environment import Environment, SignalSettings
from corpus_platform.signals.subject import Subject
from corpus_platform.signals.url import registered_domain

NAMES = (
    "url_host",
    "url_registered_domain",
    "url_blocked",
    "url_banned_word",
    "url_soft_banned_words",
    "url_banned_subword",
)


def told(*urls, compat="sane", **lists):
    frame = pl.DataFrame({"text": [""] * len(urls), "url": urls}, schema={"text": pl.String, "url": pl.String})
    return compute(Subject.of(frame, Environment(SignalSettings(compat=compat, lists=lists))), NAMES).rows()


@pytest.mark.parametrize(
    ("host", "registered"),
    [
        ("www.example.com", "example.com"),
        ("a.b.example.co.uk", "example.co.uk"),
        ("co.uk", None),
        ("localhost", None),
        ("10.0.0.1", None),
        ("x.y.ck", "x.y.ck"),
        ("a.www.ck", "www.ck"),
        ("Example.COM", "Example.COM"),
    ],
)
def test_the_registered_domain_is_one_label_more_than_the_suffix(host, registered):
    assert registered_domain(host, frozenset({"co.uk", "*.ck", "!www.ck"})) == registered


def test_an_address_is_blocked_by_domain_host_or_as_a_whole():
    rows = told(
        "https://a.blocked.example/x",
        "https://ads.blocked.test/",
        "https://mixed.example/blocked-page",
        "https://mixed.example/",
    )

    assert [row[2] for row in rows] == ["domain", "subdomain", "url", None]


def test_banned_words_are_whole_parts_and_subwords_are_not():
    rows = told(
        "https://x.example/porn/1",
        "https://pornish.example/",
        "https://x.example/sex-and-casino",
        "https://free-porn.example/",
    )

    assert [row[3:] for row in rows] == [("porn", 0, None), (None, 0, None), (None, 2, None), ("porn", 0, "freeporn")]


@pytest.mark.parametrize(("compat", "word"), [("sane", "porn"), ("reference", None)])
def test_an_upper_case_banned_word_is_missed_by_datatrove(compat, word):
    assert told("https://x.example/PORN/1", compat=compat)[0][3] == word


def test_a_page_without_an_address_has_none_of_them():
    assert told(None) == [(None,) * 6]


def test_lists_of_ones_own_take_the_place_of_those_that_are_shipped(tmp_path):
    (tmp_path / "domains").write_text("evil.com\n")
    (tmp_path / "none").write_text("zzz\n")

    rows = told(
        "https://evil.com/porn", blocked_domains=str(tmp_path / "domains"), url_banned_words=str(tmp_path / "none")
    )

    assert rows[0][2:4] == ("domain", None)
