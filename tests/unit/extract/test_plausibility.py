"""Good text is more plausible than the same bytes read wrongly."""

import pytest

from corpus_platform.extract.plausibility import plausibility


def test_text_is_plausible_in_its_own_charset(written):
    _, text = written

    assert plausibility(text) > 0.4


def test_mojibake_is_less_plausible_than_the_text(written):
    charset, text = written
    body = text.encode(charset)
    if body.isascii():  # ISO-2022-JP
        return

    for wrong in ("cp1252", "koi8-r", "cp866", "gb18030", "cp949", "cp932", "big5hkscs"):
        misread = body.decode(wrong, "replace")

        alike = misread == text or (charset, wrong) in ALIKE
        assert alike or plausibility(misread) < plausibility(text), wrong


ALIKE = {("windows-1254", "cp1252"), ("windows-1250", "cp1252"), ("iso-8859-2", "cp1252")}
"""One Latin alphabet is as plausible as another."""


def test_ascii_is_always_plausible():
    assert plausibility("") == plausibility("plain words") == 1.0


@pytest.mark.parametrize("text", ["\ufffd" * 9, "\x81\x8d\x90", "\0\1\2", "\ue000\ue001"])
def test_what_no_text_has_is_not_plausible(text):
    assert plausibility(text) < -1
