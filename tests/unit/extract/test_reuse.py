"""What pages and servers say about reuse."""

import pytest

from corpus_platform.extract.reuse import Reuse, licence_of, reuse_signals


def test_a_page_that_says_nothing_has_no_signals():
    assert reuse_signals("<html><body><p>words</p></body></html>") == Reuse()
    assert reuse_signals("", {"Content-Type": "text/html"}) == Reuse()


def test_robots_of_header_and_page_are_joined_once_each():
    html = '<META NAME="Robots" CONTENT="NoIndex, noai"><meta name=googlebot content="nosnippet">'

    found = reuse_signals(html, {"X-Robots-Tag": "noarchive, NOINDEX"})

    assert found.robots == "noarchive,noindex,noai,googlebot:nosnippet"


@pytest.mark.parametrize(
    ("header", "robots"),
    [
        ("googlebot: noindex, nofollow", "googlebot:noindex,googlebot:nofollow"),
        ("max-snippet: 20, noai", "max-snippet:20,noai"),
        ("unavailable_after: 25 Jun 2030 15:00:00 PST", "unavailable_after:25jun203015:00:00pst"),
        ("", None),
    ],
)
def test_a_robots_header_may_be_for_one_agent(header, robots):
    assert reuse_signals("", [("x-robots-tag", header)]).robots == robots


def test_every_one_of_several_robots_headers_counts():
    found = reuse_signals("", [("X-Robots-Tag", "noai"), ("Server", "x"), ("X-Robots-Tag", "noimageai")])

    assert found.robots == "noai,noimageai"


@pytest.mark.parametrize(
    ("html", "headers", "reservation", "policy"),
    [
        ("", {"tdm-reservation": "1", "TDM-Policy": "https://example.org/p.json"}, True, "https://example.org/p.json"),
        ('<meta name="tdm-reservation" content="1"><meta name="tdm-policy" content="/p">', {}, True, "/p"),
        ('<meta name="tdm-reservation" content="0">', {"tdm-reservation": "1", "tdm-policy": "/p"}, False, "/p"),
        ('<meta name="tdm-reservation" content="maybe">', {}, None, None),
        ('<!-- <meta name="tdm-reservation" content="1"> -->', {}, None, None),
    ],
)
def test_a_tdm_reservation_of_the_page_supersedes_that_of_the_header(html, headers, reservation, policy):
    found = reuse_signals(html, headers)

    assert (found.tdm_reservation, found.tdm_policy) == (reservation, policy)


@pytest.mark.parametrize(
    ("address", "licence"),
    [
        ("https://creativecommons.org/licenses/by-sa/4.0/", "CC-BY-SA-4.0"),
        ("//creativecommons.org/licenses/by/3.0", "CC-BY-3.0"),
        ("http://creativecommons.org/licenses/by-nc-nd/2.5/deed.de", "CC-BY-NC-ND-2.5"),
        ("http://creativecommons.org/licenses/by/2.0/de/", "CC-BY-2.0-DE"),
        ("https://creativecommons.org/licenses/by/4.0/legalcode", "CC-BY-4.0"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("https://creativecommons.org/publicdomain/mark/1.0/", "CC-PDM-1.0"),
        ("//example.org/terms", "https://example.org/terms"),
        ("/terms", None),
        ("#copyright", None),
        ("", None),
    ],
)
def test_a_licence_address_is_named(address, licence):
    assert licence_of(address) == licence


@pytest.mark.parametrize(
    "mark",
    [
        '<a rel="license external" href="https://creativecommons.org/licenses/by/4.0/">CC BY</a>',
        "<LINK REL=license HREF=//creativecommons.org/licenses/by/4.0/>",
        '<meta name="DC.rights" content="See https://creativecommons.org/licenses/by/4.0/ for terms">',
        '<link rel="copyright" href="https://creativecommons.org/licenses/by/4.0/">',
    ],
)
def test_a_licence_mark_is_found_in_its_several_forms(mark):
    assert reuse_signals(f"<html><head>{mark}</head><body>{mark}</body></html>").licence == "CC-BY-4.0"


def test_a_mere_link_to_a_licence_is_no_mark():
    assert reuse_signals('<p>Read <a href="https://creativecommons.org/licenses/by/4.0/">this</a></p>').licence is None


def test_several_licences_are_all_named():
    marks = "".join(
        f'<a rel="license" href="https://creativecommons.org/licenses/{name}/4.0/">x</a>'
        for name in ("by", "by-nc", "by")
    )

    assert reuse_signals(marks).licence == "CC-BY-4.0 AND CC-BY-NC-4.0"
