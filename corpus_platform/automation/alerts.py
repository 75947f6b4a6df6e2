"""Telling people that something failed: a JSON payload with a `text` that chat systems show, posted to a webhook.

Promise: an alert that can't be delivered is an answer in words and never an error; the address is in no answer, for it is a secret; texts of
documents are in no payload, only figures.

Not here: what failed (assets/alerts.py).
"""

from __future__ import annotations

import http.client
import os
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from corpus_platform.automation.settings import AlertSettings

_LINE = 300
"""Longest message of an error that is sent, in code points."""
_SHOWN = 20
"""Checks in the text; the list has all."""
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True)
class FailedCheck:
    """A check that did not pass."""

    asset: str
    check: str
    partition: str | None
    blocks: bool
    figures: dict[str, float | int | bool]


@dataclass(frozen=True)
class Alert:
    """What failed: a run, or checks of a run that went on."""

    kind: Literal["run failed", "checks failed"]
    run: str
    job: str
    partition: str | None
    assets: tuple[str, ...]
    error: str = ""
    will_retry: bool = False
    checks: tuple[FailedCheck, ...] = ()

    def payload(self, ui: str) -> dict[str, Any]:
        """As JSON: every field, a link to the run, and `text` in a few lines."""
        link = f"{ui.rstrip('/')}/runs/{self.run}"
        return {"text": self._text(link), **asdict(self), "error": _short(self.error), "link": link}

    def _text(self, link: str) -> str:
        of = f" of {self.partition}" if self.partition else ""
        again = " It is run again by itself." if self.will_retry else ""
        lines = [f"{self.kind}: {self.job}{of}.{again}"]
        lines += [_short(self.error)] if self.error else []
        lines += [
            f"{'BLOCKED' if check.blocks else 'warning'} {check.asset} {check.check}: {_figures(check.figures)}"
            for check in self.checks[:_SHOWN]
        ]
        more = len(self.checks) - _SHOWN
        return "\n".join([*lines, *([f"and {more} checks more"] if more > 0 else []), link])


def numbers_of(metadata: Mapping[str, object]) -> dict[str, float | int | bool]:
    """The figures among a check's metadata. Texts stay behind: they may be of people's pages."""
    return {name: value for name, value in metadata.items() if isinstance(value, bool | int | float)}


def deliver(
    alerts: Sequence[Alert], settings: AlertSettings, *, pause: Callable[[float], None] = time.sleep
) -> list[str]:
    """Posts each alert; what went wrong, a line each. Waits 1, 2, 4 ... seconds between the attempts at one alert."""
    if settings.webhook is None or not alerts:
        return []
    address = os.environ.get(settings.webhook, "")
    if not _is_web_address(address):
        return [f"alerts: ${settings.webhook} holds no http(s) address, so nobody is told of {alerts[0].kind}"]
    answers = [_deliver(alert, address, settings, pause) for alert in alerts]
    return [answer for answer in answers if answer]


def _deliver(alert: Alert, address: str, settings: AlertSettings, pause: Callable[[float], None]) -> str:
    body = orjson.dumps(alert.payload(settings.ui))
    why, tried = "", 0
    while tried < settings.attempts:
        if tried:
            pause(2.0 ** (tried - 1))
        tried += 1
        why, again = _post(address, body, settings.seconds)
        if not why:
            return ""
        if not again:
            break
    return f"alerts: ${settings.webhook} did not take `{alert.kind}` of run {alert.run} in {tried} attempts: {why}"


def _is_web_address(address: str) -> bool:
    try:
        return urlsplit(address).scheme in ("http", "https")
    except ValueError:
        return False


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is an error: the payload goes where the operator said, and nowhere else."""

    def redirect_request(self, *_: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Follows none."""


def _post(address: str, body: bytes, seconds: float) -> tuple[str, bool]:
    """Why it was not taken (empty if it was), and whether another attempt may help. Never names the address."""
    try:
        request = urllib.request.Request(address, body, {"Content-Type": "application/json"}, method="POST")  # noqa: S310  (http and https only: `deliver`)
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=seconds):
            return "", False
    except urllib.error.HTTPError as error:
        error.close()
        return f"HTTP {error.code}", error.code in _AGAIN
    except urllib.error.URLError as error:
        # The reason of a URLError is the operating system's: it has no address in it.
        return f"{type(error.reason).__name__} {getattr(error.reason, 'strerror', None) or ''}".strip(), True
    except (OSError, http.client.HTTPException, ValueError) as error:
        return type(error).__name__, isinstance(error, OSError)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LINE else f"{line[: _LINE - 4]} ..."


def _figures(figures: Mapping[str, float | int | bool]) -> str:
    return (
        ", ".join(
            f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}" for name, value in figures.items()
        )
        or "no figures"
    )
