"""Results as one HTML page that needs nothing else: no network, no script, no other file. And where results are kept beside a home.

`<home>/quality/<run>.html` shows what the suites of a run have said, `<home>/quality/<run>/` keeps it as JSON, a file for each suite. The pages of
the last `KEPT` runs are kept. They hold values of rows that break promises, so they are as private as the lake; all of them can be made again.
Promise: whatever texts say, they are shown as text: everything is escaped, and the page forbids itself scripts and anything from elsewhere.

Not here: what results mean (run.py), the report of the whole lake (analytics/report).
"""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
from html import escape
from typing import TYPE_CHECKING, Any

import orjson

from corpus_platform.quality.expectation import CHECKS
from corpus_platform.quality.run import BROKEN, MET, NOT_ASKED, Result

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from corpus_platform.home import Home
    from corpus_platform.quality.run import Outcome

FOLDER = "quality"
"""Folder of the pages, in the home."""
KEPT = 200

_STYLE = """
:root{color-scheme:light dark;--ink:#1c2430;--soft:#667085;--line:#d9dee6;--back:#fff;--panel:#f6f7f9;--red:#b42318;--amber:#b54708;--green:#067647}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ef;--soft:#98a2b3;--line:#344054;--back:#12161c;--panel:#1b212b;--red:#f97066;--amber:#fdb022;--green:#47cd89}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--back);max-width:76rem;margin:0 auto;padding:2rem 1.25rem}
h1{font-size:1.6rem;margin:0}p.about{color:var(--soft);margin:.25rem 0 1.5rem}
ul.totals{display:flex;gap:.75rem;list-style:none;padding:0;margin:0 0 1.5rem}ul.totals li{background:var(--panel);border-radius:.5rem;padding:.5rem 1rem}
ul.totals b{font-size:1.3rem;display:block;line-height:1.2}
details{border:1px solid var(--line);border-radius:.5rem;margin:.5rem 0}summary{cursor:pointer;padding:.6rem 1rem;display:flex;gap:.75rem;align-items:baseline}
summary .name{font-weight:600}summary .where,summary .rows{color:var(--soft)}summary .rows{margin-left:auto;font-variant-numeric:tabular-nums}
.body{padding:0 1rem 1rem;overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9rem}.body>table{table-layout:fixed;min-width:52rem}
col.state{width:5rem}col.figure{width:19rem}col.found{width:7rem}col.allowed{width:14rem}tr.check td{border-top:0;padding-top:1.1rem}
th{text-align:left;color:var(--soft);font-weight:500}td,th{padding:.3rem .6rem .3rem 0;border-top:1px solid var(--line);vertical-align:top}
td.n,th.n{text-align:right;padding-right:1.2rem;font-variant-numeric:tabular-nums}td.notes{color:var(--soft)}
tr.found td{border-top:0;padding:.1rem 0 .8rem 1.5rem}tr.found table{width:auto;background:var(--panel)}
tr.found td td,tr.found th{padding:.15rem .8rem;overflow-wrap:anywhere}
code{font:.85rem/1.4 ui-monospace,monospace;white-space:pre-wrap}
.red{color:var(--red)}.amber{color:var(--amber)}.green{color:var(--green)}.soft{color:var(--soft)}td{overflow-wrap:anywhere}
"""
_WORDS = {"red": "broken", "amber": "look at it", "green": "sound"}


def write_results(home: Home, run: str, results: Iterable[Result]) -> Path | None:
    """Adds results to those of a run and writes its page anew; None where the home takes no files.

    Suites of one run may end at the same time: each result has a file of its own, and a page is swapped in whole.
    """
    folder = home.path / FOLDER / _file_name(run)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for result in results:
            name = _file_name(f"{result.table}@{result.where}")
            _swap_in(folder / f"{name}.json", orjson.dumps(result.as_json(), default=str))
        page = folder.with_name(f"{folder.name}.html")
        _swap_in(page, page_of(read_results(folder), title=f"Quality: {home.path.name}", about=f"Run {run}").encode())
    except OSError:
        return None
    _forget_old(folder.parent)
    return page


def read_results(folder: Path) -> list[Result]:
    """The results that are kept of a run, by table and partition."""
    found = [Result.of_json(orjson.loads(path.read_bytes())) for path in sorted(folder.glob("*.json"))]
    return sorted(found, key=lambda result: (result.table, result.where))


def page_of(results: Sequence[Result], *, title: str, about: str) -> str:
    """The page as HTML."""
    colours = [_colour(result) for result in results]
    totals = "".join(
        f'<li><b class="{colour}">{colours.count(colour)}</b>{word}</li>' for colour, word in _WORDS.items()
    )
    order = {"red": 0, "amber": 1, "green": 2}
    listed = sorted(zip(results, colours, strict=True), key=lambda one: order[one[1]])
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
        f'<h1>{escape(title)}</h1><p class="about">{escape(about)}</p><ul class="totals">{totals}</ul>'
        f"{''.join(_suite(result, colour) for result, colour in listed)}</body></html>\n"
    )


def _suite(result: Result, colour: str) -> str:
    """A table's partition: closed where all is well."""
    mine = {outcome.check for outcome in result.outcomes}
    named = [name for name in CHECKS if name in mine]
    # What is broken is what people have come for.
    order = sorted(named, key=lambda name: not any(outcome.is_broken for outcome in result.of(name)))
    checks = "".join(_check(name, result.of(name)) for name in order)
    opened = "" if colour == "green" else " open"
    head = (
        f'<span class="{colour}">●</span><span class="name">{escape(result.table)}</span>'
        f'<span class="where">{escape(result.where)}</span><span class="{colour}">{_WORDS[colour]}</span>'
        f'<span class="rows">{result.rows:,} rows · version {result.version} · {escape(result.time)}</span>'
    )
    columns = (
        '<colgroup><col class="state"><col class="figure"><col class="found"><col class="allowed"><col></colgroup>'
    )
    table = f"<table>{columns}{checks}</table>"
    return f'<details{opened}><summary>{head}</summary><div class="body">{table}</div></details>'


def _check(name: str, outcomes: Sequence[Outcome]) -> str:
    about = escape(CHECKS[name].about)
    rows = "".join(map(_outcome, outcomes))
    head = "<tr><th></th><th>figure</th><th class='n'>found</th><th>allowed</th><th></th></tr>"
    return f'<tbody><tr class="check"><td colspan="5"><b>{escape(name)}</b> <span class="soft">{about}</span></td></tr>{head}{rows}</tbody>'


def _outcome(outcome: Outcome) -> str:
    colour = {MET: "green", NOT_ASKED: "soft", BROKEN: "red" if outcome.blocks else "amber"}[outcome.state]
    found = number(outcome.observed)
    allowed = f"{outcome.allowed} ({number(outcome.other)})" if outcome.other is not None else outcome.allowed
    cells = (
        f'<td class="{colour}">{outcome.state}</td><td>{escape(outcome.figure)}</td><td class="n">{found}</td>'
        f'<td>{escape(allowed)}</td><td class="notes">{escape(outcome.why or outcome.notes)}</td>'
    )
    rows = (
        f'<tr class="found"><td colspan="5">{_rows(outcome.rows)}</td></tr>'
        if outcome.rows and outcome.is_broken
        else ""
    )
    return f"<tr>{cells}</tr>{rows}"


def _rows(rows: Sequence[dict[str, str]]) -> str:
    names = list(rows[0])
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(
        f"<tr>{''.join(f'<td><code>{escape(row.get(name, str()))}</code></td>' for name in names)}</tr>" for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def number(value: Any) -> str:
    """A figure as people read it."""
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"


def _colour(result: Result) -> str:
    if not result.is_sound:
        return "red"
    return "green" if result.is_green else "amber"


def _file_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9@.,_-]", "_", name)


def _swap_in(path: Path, content: bytes) -> None:
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        scratch.write_bytes(content)
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def _forget_old(folder: Path) -> None:
    """Removes the pages of all runs but the last ones."""
    with contextlib.suppress(OSError):
        pages = sorted(folder.glob("*.html"), key=lambda page: page.stat().st_mtime, reverse=True)
        for page in pages[KEPT:]:
            page.unlink(missing_ok=True)
            shutil.rmtree(page.with_suffix(""), ignore_errors=True)
