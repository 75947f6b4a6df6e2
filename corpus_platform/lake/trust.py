"""Certificates of one's own for the clients that are written in Rust (deltalake, Polars).

They take no file of certificates as an option. They ask the machine, which says SSL_CERT_FILE before anything else, for the whole process; so a file
is made that holds the machine's certificates and one's own, and the variable names it. Other clients of the process go on trusting whom they did.

Not here: s3fs and boto, which take the file itself.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import ssl
from pathlib import Path

from corpus_platform.errors import SettingsError

_VARIABLE = "SSL_CERT_FILE"


def cache_folder() -> Path:
    """Where a machine keeps copies of what is elsewhere: `$CORPUS_CACHE`, by default `~/.cache/corpus-platform`."""
    return Path(os.environ.get("CORPUS_CACHE") or Path.home() / ".cache" / "corpus-platform")


def trust(bundle: str) -> None:
    """Lets this process trust the certificates of a file in PEM, beside those that it trusts. Raises SettingsError where it can't be read."""
    try:
        own = Path(bundle).read_bytes()
    except OSError as error:
        raise SettingsError(
            f"`s3.verify` names {bundle}, which can't be read ({error.strerror}): give true, false or a file of CA certificates in PEM"
        ) from None
    before = _known()
    if own.strip() in before:
        return
    content = before.rstrip() + b"\n" + own
    made = cache_folder() / "trust" / f"{hashlib.blake2b(content, digest_size=8).hexdigest()}.pem"
    if not made.exists() or made.read_bytes() != content:
        made.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        scratch = made.with_name(f".{made.name}.{secrets.token_hex(4)}")
        scratch.write_bytes(content)
        scratch.replace(made)
    os.environ[_VARIABLE] = str(made)


def _known() -> bytes:
    """The certificates that the process trusts now."""
    places = ssl.get_default_verify_paths()
    for place in (os.environ.get(_VARIABLE), places.cafile, places.openssl_cafile):
        if place and Path(place).is_file():
            return Path(place).read_bytes()
    return b""
