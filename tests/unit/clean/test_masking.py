"""Masks of personal data in previews and samples."""

import pytest

from corpus_platform.clean.masking import masked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("write to john.smith@example.com today", "write to ‹e-mail› today"),
        ("或 a@b.cn", "或 ‹e-mail›"),
        ("https://x.example/u?mail=foo%40bar.org&id=12345678901", "https://x.example/u?mail=‹e-mail›&id=‹phone›"),
        ("call +44 20 7946 0958 now", "call ‹phone› now"),
        ("+49 (0)30 / 1234 56-7", "‹phone›"),
        ("电话138-1234-5678", "电话‹phone›"),
        ("10.0.0.1 and 2001:db8::1", "‹IP› and ‹IP›"),
        ("http://192.168.1.20:80/", "http://‹IP›:80/"),
        ("身份证11010519491231002X", "身份证‹identity›"),
        ("order 1234567", "order ‹number›"),
        ("٠١٢٣٤٥٦٧", "‹phone›"),
    ],
)
def test_personal_data_of_any_script_and_style_is_masked(text, shown):
    assert masked([text]) == [shown]


@pytest.mark.parametrize(
    "text",
    ["", "2025-01-15T12:00:00Z", "on 15/01/2025, 12:00", "2019-2020", "1.200,00 EUR", "123456", "CC-MAIN-2025-05"],
)
def test_dates_and_short_numbers_stay(text):
    assert masked([text]) == [text]


def test_what_is_masked_is_masked_no_further():
    once = masked(["a@b.example 555-123-4567 10.1.2.3 12345678901234567890", "nothing"])

    assert masked(once) == once
