"""What is meant by an address, a domain, a document or an author, however it is written."""

import pytest

from corpus_platform.errors import SettingsError
from corpus_platform.forgetting.targets import above, authors_of, host_form, target_of, url_form


@pytest.mark.parametrize(
    ("text", "kind", "form"),
    [
        ("https://Example.org/About", "url", "example.org/About"),
        ("example.org/about", "url", "example.org/about"),
        ("example.org", "domain", "example.org"),
        ("Example.ORG.", "domain", "example.org"),
        ("例子.中国", "domain", "xn--fsqu00a.xn--fiqs8s"),
        ("例子。中国", "domain", "xn--fsqu00a.xn--fiqs8s"),
        ("0123456789ABCDEF0123456789abcdef", "doc_id", "0123456789abcdef0123456789abcdef"),
        ("Jane  Q. Doe", "author", "jane q. doe"),
        ("鲁迅", "author", "鲁迅"),
    ],
)
def test_kinds_are_told_apart_by_their_look(text, kind, form):
    target = target_of(text)

    assert (target.kind, target.form) == (kind, form)


@pytest.mark.parametrize(
    "text",
    [
        "http://example.org/a/b",
        "https://www.example.org/a/b/",
        "HTTPS://user:word@EXAMPLE.org:443/a/b#part",
        "http://example.org:80/%61/b",
        "//example.org/a/b",
        "<https://example.org/a/b>",
    ],
)
def test_addresses_that_a_site_answers_alike_are_one(text):
    assert url_form(text) == "example.org/a/b"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "https://例子.中国/新闻?标题=一",
            "http://xn--fsqu00a.xn--fiqs8s/%E6%96%B0%E9%97%BB?%e6%a0%87%e9%a2%98=%E4%B8%80",
        ),
        ("https://例子.中国/", "https://例子。中国"),
        ("https://www.straße.de/", "https://xn--strae-oqa.de"),
        ("https://example.org/?q=%D6%D0", "https://example.org?q=%d6%d0"),
    ],
)
def test_chinese_and_other_hosts_and_paths_are_one_in_all_their_forms(one, other):
    assert url_form(one) == url_form(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.org/a", "https://example.org/A"),
        ("https://example.org/a?x=1", "https://example.org/a?x=2"),
        ("https://example.org:8080/a", "https://example.org/a"),
        ("https://a.example.org/", "https://example.org/"),
    ],
)
def test_other_pages_are_others(one, other):
    assert url_form(one) != url_form(other)


def test_a_domain_is_asked_for_with_all_that_it_is_below_of():
    assert above("a.b.example.org") == ["a.b.example.org", "b.example.org", "example.org"]
    assert above("localhost") == ["localhost"]


@pytest.mark.parametrize("text", ["", "..", "a b", "http://", "ex ample.org"])
def test_what_is_no_host_has_no_form(text):
    assert host_form(text) is None


def test_several_authors_of_a_value_are_each_known():
    assert authors_of("Jane Doe; 李 四、ＷＡＮＧ Wu") == ["jane doe; 李 四、wang wu", "jane doe", "李 四", "wang wu"]


@pytest.mark.parametrize(("text", "kind"), [("com", "domain"), ("xyz", "doc_id"), ("http://", "url"), ("  ", "author")])
def test_what_can_not_be_forgotten_is_refused_with_what_is_asked_for(text, kind):
    with pytest.raises(SettingsError, match="give"):
        target_of(text, kind)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("https://例子.中国/a", "https://例子.中国/a"),
        ("https://例子.中国/a", "https://xn--fsqu00a.xn--fiqs8s/a"),
        ("example.org", "www.example.org"),
        ("0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef"),
    ],
)
def test_a_value_that_means_the_target_has_one_of_its_hints(text, value):
    assert any(hint in value.lower() for hint in target_of(text).hints)
