"""What is to be forgotten: an address, a domain with all below it, a document, or an author; and when two ways of writing it mean the same.

Forgetting is generous: two addresses that a site would answer alike are one. Of an address do not count: scheme, user, `www.`, the ports 80 and 443,
upper case in the host, Unicode or ASCII form of a host (`例子.中国`, `xn--fsqu00a.xn--fiqs8s`), how bytes of the path are escaped, a slash at its
end, and what is behind `#`. Path and query count, with their case. Of an author do not count case, spaces and widths of characters.

Not here: where these things stand in tables (columns.py).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import quote, unquote_to_bytes, urlsplit

import idna

from corpus_platform.errors import SettingsError

Kind = Literal["url", "domain", "doc_id", "author"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_DOC_ID = re.compile(r"[0-9a-f]{32}")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_PORTS = {80, 443, None}
_DOTS = str.maketrans("。．｡", "...")
"""Full stops that a browser takes for a dot in a host."""
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_-]{1,63})*")
_AUTHORS = re.compile(r"[;；、]")


@dataclass(frozen=True)
class Target:
    """What is to be forgotten, in its normal form."""

    kind: Kind
    form: str

    def __str__(self) -> str:
        return f"{self.kind} {self.form}"

    @property
    def hints(self) -> tuple[str, ...]:
        """Of these texts one is in every lower-cased value that means the target; none are known of an author."""
        if self.kind == "author":
            return ()
        host = self.form.partition("/")[0].partition(":")[0] if self.kind == "url" else self.form
        # Escaped dots and letters in a host are too odd to be looked for; Unicode full stops are not.
        label = max(host.split(".")[:-1] or [host], key=len)
        return tuple(dict.fromkeys((label, _unicode(label))))


def target_of(text: str, kind: Kind | None = None) -> Target:
    """What a text means: by its kind, or by its look where none is named. Raises SettingsError for what it can't be."""
    text = text.strip()
    kind = kind or _look(text)
    form = form_of(kind, text)
    if form is None or (kind == "domain" and "." not in form):
        raise SettingsError(f"`{text}` is no {kind.replace('_', ' ')} that can be forgotten: {_ASKED[kind]}")
    return Target(kind, form)


_ASKED = {
    "url": "give an address such as https://example.org/about",
    "domain": "give a host with a dot, such as example.org; everything below it goes with it",
    "doc_id": "give 32 hex digits, as the column doc_id has them",
    "author": "give a name, as the column of authors has it",
}


def form_of(kind: Kind, text: str) -> str | None:
    """The normal form of a value; None where it is no such thing."""
    match kind:
        case "url":
            return url_form(text)
        case "domain":
            return host_form(text)
        case "doc_id":
            lowered = text.strip().lower()
            return lowered if _DOC_ID.fullmatch(lowered) else None
        case _:
            return " ".join(unicodedata.normalize("NFKC", text).casefold().split()) or None


def url_form(text: str) -> str | None:
    """The normal form of an address: `host[:port]/path[?query]`; None where there is no host."""
    text = unicodedata.normalize("NFC", text.strip().strip("<>"))
    try:
        parts = urlsplit(text if _SCHEME.match(text) else f"//{text.lstrip('/')}")
        host, port = host_form(parts.hostname or ""), parts.port
    except ValueError:
        return None
    if host is None:
        return None
    where = host.removeprefix("www.") + ("" if port in _PORTS else f":{port}")
    path = quote(unquote_to_bytes(parts.path), safe="/~!$&'()*+,;=:@").rstrip("/")
    query = quote(unquote_to_bytes(parts.query), safe="/~!$&'()*+,;=:@?")
    return f"{where}{path or '/'}" + (f"?{query}" if query else "")


def host_form(text: str) -> str | None:
    """The normal form of a host: ASCII, lower case, no dot at its end; None where it is none."""
    host = unicodedata.normalize("NFKC", text.strip()).translate(_DOTS).strip(".").lower()
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode()
        except idna.IDNAError:
            return None
    return host if _HOST.fullmatch(host) else None


def above(host: str) -> list[str]:
    """A host in its normal form and the domains that it is below of, the last one left out: a top-level domain is nobody's."""
    labels = host.split(".")
    return [".".join(labels[i:]) for i in range(max(1, len(labels) - 1))]


def authors_of(text: str) -> list[str]:
    """Normal forms of the authors that a value names: the whole of it, and what `;` or `、` part."""
    found = (form_of("author", part) for part in (text, *_AUTHORS.split(text)))
    return list(dict.fromkeys(form for form in found if form))


def _look(text: str) -> Kind:
    if _DOC_ID.fullmatch(text.lower()):
        return "doc_id"
    if _SCHEME.match(text):
        return "url"
    host, slash, path = text.partition("/")
    if " " not in host and "." in (host_form(host.partition(":")[0]) or ""):
        return "url" if path or ":" in host or (slash and path) else "domain"
    return "author"


def _unicode(label: str) -> str:
    try:
        return idna.decode(label).lower()
    except idna.IDNAError:
        return label
