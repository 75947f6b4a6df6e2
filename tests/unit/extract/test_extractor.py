"""A page that hangs or crashes its extractor costs its limit and no more."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from corpus_platform.errors import SettingsError
from corpus_platform.extract import extractor as module
from corpus_platform.extract.extractor import Extractor
from corpus_platform.extract.main_text import TextOptions, extract
from corpus_platform.extract.outcome import ExtractionCrashed, ExtractionError, ExtractionTimeout, PageTooLarge

PAGE = "<html><title>Ferry</title><body><article>" + "".join(
    f"<p>On day {day} the ferry was late again, and the children counted {day} gulls on the pier until it came.</p>"
    for day in range(9)
)
ENDLESS = "<div>" * 300_000 + "x"
"""Keeps resiliparse busy in compiled code for minutes."""


def helper_that(does):
    """A command for a helper whose extraction does something else; `html` is the page."""
    code = (
        "import os, sys, time\n"
        "from corpus_platform.extract import helper\n"
        "plain = helper.extract\n"
        f"def extract(html, method, options):\n    {does}\n    return plain(html, method, options)\n"
        "helper.extract = extract\n"
        "helper.main(int(sys.argv[1]))\n"
    )
    return (sys.executable, "-c", code)


@pytest.fixture(scope="module")
def resiliparse():
    with Extractor("resiliparse", time_limit=0.5) as extractor:
        yield extractor


def pid_of(extractor):
    return extractor._helper._process.pid


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("method", ["resiliparse", "trafilatura"])
def test_a_helper_gives_what_extraction_in_this_process_gives(method):
    html = PAGE + '<a rel=license href="https://creativecommons.org/licenses/by/4.0/">x</a>'

    with Extractor(method) as limited, Extractor(method, time_limit=None) as unlimited:
        found = limited.extract(html)

        assert found == unlimited.extract(html) == extract(html, method)
        assert found.marks.licence == "CC-BY-4.0"
        assert "gulls" in found.text


def test_compiled_code_that_does_not_come_back_is_stopped_and_the_next_page_is_read(resiliparse):
    with pytest.raises(ExtractionTimeout, match=r"0\.5 s of processor time") as stopped:
        resiliparse.extract(ENDLESS)

    assert stopped.value.reason == "extraction_timeout"
    assert resiliparse.extract(PAGE).title == "Ferry"


def test_one_helper_serves_many_pages(resiliparse):
    resiliparse.extract(PAGE)
    first = pid_of(resiliparse)

    resiliparse.extract(PAGE)

    assert pid_of(resiliparse) == first


def test_a_busy_call_that_ignores_exceptions_is_stopped(monkeypatch):
    monkeypatch.setattr(module, "COMMAND", helper_that("html.startswith('hang') and sum(range(10**13))"))

    with Extractor(time_limit=0.3) as extractor:
        with pytest.raises(ExtractionTimeout):
            extractor.extract("hang")
        assert "gulls" in extractor.extract(PAGE).text


def test_a_helper_that_hangs_without_computing_is_ended_by_the_clock(monkeypatch):
    monkeypatch.setattr(module, "COMMAND", helper_that("html.startswith('hang') and time.sleep(600)"))

    with Extractor() as extractor:
        extractor.extract(PAGE)
        sleeper = pid_of(extractor)
        # Set late: the clock also runs while a helper starts.
        extractor._helper._channel.settimeout(0.5)
        with pytest.raises(ExtractionTimeout, match="no answer"):
            extractor.extract("hang")

    assert not is_alive(sleeper)


def test_a_page_that_crashes_its_helper_is_reported_and_the_next_one_is_read(monkeypatch):
    monkeypatch.setattr(module, "COMMAND", helper_that("html.startswith('crash') and os.abort()"))

    with Extractor() as extractor:
        with pytest.raises(ExtractionCrashed, match=f"status {-signal.SIGABRT}"):
            extractor.extract("crash")
        assert "gulls" in extractor.extract(PAGE).text


def test_a_helper_killed_between_pages_is_replaced(resiliparse):
    resiliparse.extract(PAGE)
    os.kill(pid_of(resiliparse), signal.SIGKILL)

    assert resiliparse.extract(PAGE).title == "Ferry"


@pytest.mark.parametrize("time_limit", [None, 5.0])
def test_an_error_of_the_extractor_concerns_one_page(monkeypatch, time_limit):
    def failing(html, *_):
        raise LookupError(html)

    monkeypatch.setattr(module, "COMMAND", helper_that("raise LookupError(html)"))
    monkeypatch.setattr(module, "extract", failing)

    with (
        Extractor(time_limit=time_limit) as extractor,
        pytest.raises(ExtractionError, match="resiliparse: LookupError: odd"),
    ):
        extractor.extract("odd")


def test_a_helper_that_has_grown_makes_way_for_another(monkeypatch):
    monkeypatch.setattr(module, "RECYCLE_ABOVE", 1)

    with Extractor() as extractor:
        first = extractor.extract(PAGE)

        assert extractor._helper is None
        assert extractor.extract(PAGE) == first


def test_a_page_above_the_limit_is_refused():
    with (
        Extractor(options=TextOptions(max_characters=100)) as extractor,
        pytest.raises(PageTooLarge, match="allow 100"),
    ):
        extractor.extract("x" * 101)


def test_a_limit_of_nothing_is_refused():
    with pytest.raises(SettingsError, match="time_limit is 0 s"):
        Extractor(time_limit=0)


def test_closing_ends_the_helper():
    extractor = Extractor()
    extractor.extract(PAGE)
    pid = pid_of(extractor)

    extractor.close()

    assert not is_alive(pid)


def test_a_helper_does_not_outlive_its_parent():
    parent, child = os.pipe()
    code = (
        "import os, signal, sys\n"
        "from corpus_platform.extract.extractor import Extractor\n"
        "extractor = Extractor()\n"
        "extractor.extract('<p>words')\n"
        "os.write(int(sys.argv[1]), b'%d' % extractor._helper._process.pid)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )

    module.subprocess.run([sys.executable, "-c", code, str(child)], pass_fds=[child], check=False, timeout=120)
    os.close(child)
    helper = int(os.read(parent, 20))
    os.close(parent)

    deadline = time.monotonic() + 60
    while is_running(helper) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(helper)


def is_running(pid):
    """Whether a process runs; one that has ended and waits for its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
