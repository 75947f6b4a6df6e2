"""`corpus ui` listens on this machine only, and warns where it is told to do otherwise."""

import os
import signal

import pytest
from tiny_crawl import write_settings
from typer.testing import CliRunner

from corpus_platform.cli import app


@pytest.fixture
def ui(tmp_path, monkeypatch):
    """Calls the command, which becomes no web server here: (what it would run, what it says)."""
    ran = []
    monkeypatch.setattr(os, "execve", lambda program, command, environment: ran.append(command))
    monkeypatch.setattr(os, "chdir", lambda _: None)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    tmp_path.joinpath("home").mkdir()
    write_settings(tmp_path / "home")

    def call(*words):
        done = CliRunner().invoke(app, ["--home", str(tmp_path / "home"), "ui", *words])
        assert done.exit_code == 0, done.output
        return ran[-1], done.output + done.stderr

    return call


def host(command):
    return command[command.index("-h") + 1]


def test_the_web_server_is_bound_to_loopback_unless_told(ui):
    command, said = ui()

    assert host(command) == "127.0.0.1"
    assert "warning" not in said


@pytest.mark.parametrize(
    ("address", "is_warned_of"), [("0.0.0.0", True), ("192.0.2.1", True), ("::1", False), ("localhost", False)]
)
def test_an_address_that_others_reach_is_taken_with_a_warning(ui, address, is_warned_of):
    command, said = ui("--host", address)

    assert host(command) == address
    assert ("no log-in" in said) is is_warned_of
