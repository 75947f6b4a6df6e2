"""Alerts: what a webhook gets, what happens when it does not take it, and that its address is told to nobody."""

import pytest
from web_hook import hook

from corpus_platform.automation.alerts import Alert, FailedCheck, deliver, numbers_of
from corpus_platform.automation.settings import AlertSettings
from corpus_platform.errors import SettingsError
from corpus_platform.settings import read_settings

SECRET = "T0000-B0000-secret"
CHECK = FailedCheck("web/wet/documents", "keys_are_unique", "CC-1", True, {"keys_seen_twice": 3, "share": 0.25})
ALERT = Alert(
    "run failed", "run-1", "snapshot", "CC-1", ("web/wet/documents",), "step: a check failed", checks=(CHECK,)
)


@pytest.fixture
def settings() -> AlertSettings:
    return AlertSettings(webhook="CORPUS_WEBHOOK", ui="http://ui.example:3000/")


def test_a_webhook_gets_the_run_its_checks_figures_a_link_and_a_text(settings, monkeypatch):
    with hook() as server:
        monkeypatch.setenv("CORPUS_WEBHOOK", f"{server.address}/{SECRET}")

        troubles = deliver([ALERT], settings)

    assert troubles == []
    (got,) = server.got
    assert got["run"] == "run-1"
    assert got["link"] == "http://ui.example:3000/runs/run-1"
    assert got["checks"] == [
        {
            "asset": "web/wet/documents",
            "check": "keys_are_unique",
            "partition": "CC-1",
            "blocks": True,
            "figures": {"keys_seen_twice": 3, "share": 0.25},
        }
    ]
    assert got["text"].splitlines() == [
        "run failed: snapshot of CC-1.",
        "step: a check failed",
        "BLOCKED web/wet/documents keys_are_unique: keys_seen_twice 3, share 0.25",
        "http://ui.example:3000/runs/run-1",
    ]


@pytest.mark.parametrize(
    ("answers", "posts", "pauses", "trouble"),
    [
        ((503, 429), 3, [1.0, 2.0], ""),
        ((500, 500, 500, 500), 3, [1.0, 2.0], "in 3 attempts: HTTP 500"),
        ((404,), 1, [], "in 1 attempts: HTTP 404"),
        ((302,), 1, [], "in 1 attempts: HTTP 302"),
    ],
)
def test_attempts_are_few_and_redirects_are_not_followed(settings, monkeypatch, answers, posts, pauses, trouble):
    waited = []
    with hook(*answers) as server:
        monkeypatch.setenv("CORPUS_WEBHOOK", f"{server.address}/{SECRET}")

        troubles = deliver([ALERT], settings, pause=waited.append)

    assert len(server.got) == posts
    assert waited == pauses
    assert [line.partition(" attempts")[0] for line in troubles] == (
        [f"alerts: $CORPUS_WEBHOOK did not take `run failed` of run run-1 {trouble.partition(' attempts')[0]}"]
        if trouble
        else []
    )
    assert all(line.endswith(trouble) for line in troubles)


@pytest.mark.parametrize(
    "address",
    [
        "",
        f"ftp://hooks.example/{SECRET}",
        f"http://127.0.0.1:1/{SECRET}",
        f"http://127.0.0.1:x/{SECRET}",
        f"http://[{SECRET}",
    ],
)
def test_an_alert_that_can_t_be_delivered_is_words_without_the_address(settings, monkeypatch, address):
    monkeypatch.setenv("CORPUS_WEBHOOK", address)

    (trouble,) = deliver([ALERT], settings, pause=lambda _: None)

    assert trouble.startswith("alerts: $CORPUS_WEBHOOK ")
    assert SECRET not in trouble
    assert "127.0.0.1" not in trouble


def test_nobody_is_told_where_no_webhook_is_named():
    assert deliver([ALERT], AlertSettings()) == []


def test_an_address_in_place_of_a_name_is_refused_without_repeating_it(tmp_path):
    (tmp_path / "corpus.yaml").write_text(f"automation: {{alerts: {{webhook: 'https://hooks.example/{SECRET}'}}}}")

    with pytest.raises(SettingsError, match="name of an environment variable") as refused:
        read_settings(tmp_path / "corpus.yaml")

    assert SECRET not in str(refused.value)


def test_figures_are_numbers_and_no_texts_of_pages():
    assert numbers_of({"rows": 3, "share": 0.5, "empty": True, "rows_shown": "Dear Ms Doe", "list": [1]}) == {
        "rows": 3,
        "share": 0.5,
        "empty": True,
    }


def test_long_errors_and_many_checks_are_cut():
    text = Alert("checks failed", "r", "snapshot", None, (), "x" * 900, True, (CHECK,) * 30).payload("http://ui")[
        "text"
    ]

    assert "It is run again by itself." in text
    assert "and 10 checks more" in text
    assert max(map(len, text.splitlines())) <= 300
