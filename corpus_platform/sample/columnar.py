"""The snapshot's columnar index, in the layout of Common Crawl's `cc-index/table/cc-main/warc/crawl=.../subset=warc/*.parquet`.

Column names and types are those of its published schema (github.com/commoncrawl/cc-index-table); `crawl` and `subset` are in the path.

Not here: the WARC files that the index points into (crawl.py).
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq

from corpus_platform.sample.records import Exchange, Place, digest
from corpus_platform.sample.wat import ISO_639_3

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_TEXT = pa.string()
SCHEMA = pa.schema(
    [
        *(
            (name, _TEXT)
            for name in (
                "url_surtkey",
                "url",
                "url_host_name",
                "url_host_tld",
                "url_host_2nd_last_part",
                "url_host_3rd_last_part",
            )
        ),
        *(
            (name, _TEXT)
            for name in (
                "url_host_4th_last_part",
                "url_host_5th_last_part",
                "url_host_registry_suffix",
                "url_host_registered_domain",
            )
        ),
        *(
            (name, _TEXT)
            for name in ("url_host_private_suffix", "url_host_private_domain", "url_host_name_reversed", "url_protocol")
        ),
        ("url_port", pa.int32()),
        ("url_path", _TEXT),
        ("url_query", _TEXT),
        ("fetch_time", pa.timestamp("ms", "UTC")),
        ("fetch_status", pa.int16()),
        ("fetch_redirect", _TEXT),
        *(
            (name, _TEXT)
            for name in (
                "content_digest",
                "content_mime_type",
                "content_mime_detected",
                "content_charset",
                "content_languages",
            )
        ),
        ("content_truncated", _TEXT),
        ("warc_filename", _TEXT),
        ("warc_record_offset", pa.int32()),
        ("warc_record_length", pa.int32()),
        ("warc_segment", _TEXT),
    ],
)


def index_row(exchange: Exchange, place: Place, file: str) -> dict[str, Any]:
    """The index's row of a capture; `file` is the WARC file's path below the crawl's base location."""
    capture = exchange.capture
    return {
        **_address(capture.url),
        "fetch_time": datetime.fromisoformat(exchange.date),
        "fetch_status": capture.status,
        "content_digest": digest(capture.body).removeprefix("sha1:"),
        "content_mime_type": dict(capture.headers).get("Content-Type", "").split(";")[0] or None,
        "content_mime_detected": capture.mime,
        "content_charset": capture.facts.get("charset"),
        "content_languages": ISO_639_3.get(capture.language),
        "content_truncated": capture.truncated or None,
        "warc_filename": file,
        "warc_record_offset": place.offset,
        "warc_record_length": place.length,
        "warc_segment": PurePosixPath(file).parts[3],
    }


def write_index(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Write rows, sorted by `url_surtkey`, to a Parquet file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pylist(
        sorted(rows, key=lambda row: (row["url_surtkey"], row["warc_record_offset"])), schema=SCHEMA
    )
    pq.write_table(table, path, compression="gzip", row_group_size=200)


def surt(url: str) -> str:
    """Sort-friendly form of an address: `example,host)/path?query`. A leading `www.` goes, as in Common Crawl's indexes."""
    parts = urlsplit(url)
    host = re.sub(r"^www\d*\.", "", parts.hostname or "")
    return (
        f"{','.join(reversed(host.split('.')))}){parts.path or '/'}{'?' + parts.query if parts.query else ''}".lower()
    )


def _address(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    names = [*reversed(host.split(".")), None, None, None, None]
    domain = ".".join(host.split(".")[-2:])
    return {
        "url_surtkey": surt(url),
        "url": url,
        "url_host_name": host,
        "url_host_tld": names[0],
        "url_host_2nd_last_part": names[1],
        "url_host_3rd_last_part": names[2],
        "url_host_4th_last_part": names[3],
        "url_host_5th_last_part": names[4],
        "url_host_registry_suffix": names[0],
        "url_host_registered_domain": domain,
        "url_host_private_suffix": names[0],
        "url_host_private_domain": domain,
        "url_host_name_reversed": ".".join(reversed(host.split("."))),
        "url_protocol": parts.scheme,
        "url_port": parts.port,
        "url_path": parts.path,
        "url_query": parts.query or None,
    }
