"""A crawl of a dozen pages and an encyclopedia of three articles, laid out as Common Crawl and Wikimedia lay them out.

Each of a snapshot's two WARC files (with its WET twin) has `PAGES` long pages (English, Chinese, English, ...), one short page and one picture. All
long pages of a language share one paragraph; so per file: 6 records, 1 reject (not_html), 5 pages, 1 of them too short.
"""

import bz2
import gzip
import io
import uuid
from datetime import UTC, datetime
from pathlib import Path

import yaml
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

PAGES = 4
FILES = 2
SNAPSHOT, NEXT_SNAPSHOT = "CC-MAIN-2025-05", "CC-MAIN-2025-08"

_ENGLISH = (
    "The harbour of {place} wakes before the sun does, and the first boats leave while the lamps along the quay are still lit.",
    "In {place} the market opens at six; whoever comes at eight finds the good bread gone and the gossip finished.",
    "An old bridge crosses the river at {place}, and every child there has been told which stone the mason forgot to sign.",
)
_CHINESE = (
    "{place}的清晨总是从河边开始，船夫们在天亮以前就把缆绳解开，慢慢划向对岸的集市，去买当天最新鲜的蔬菜和刚刚出炉的面包。",
    "在{place}，老人们喜欢坐在桥头下棋，孩子们围在旁边看，谁也不肯先回家吃晚饭，直到路灯一盏一盏地亮起来。",
    "每年秋天，{place}的山坡上长满了金黄的稻子，远远望去好像一片安静的海，风吹过的时候，整座山谷都在轻轻地摇晃。",
    "{place}的图书馆不大，却藏着许多手抄的地方志，管理员记得每一本书放在哪里，也记得每一位常来借书的邻居。",
    "外地来的客人常常问，{place}最值得看的是什么，当地人想了一会儿，说是雨后的石板路，还有巷子深处那家做了四十年的茶馆。",
    "冬天的{place}很少下雪，偶尔下一场，全城的人都跑到屋外去看，连平时最严肃的老师也会停下来捏一个小小的雪球。",
)
_ALSO_READ = {
    "en": "Subscribe to our letter, read our terms, and tell a friend about this page today.",
    "zh": "请订阅我们的通讯，阅读使用条款，并把这个页面告诉您的朋友。",
}
_PLACES = {
    "en": ("Aldermouth", "Brackenford", "Caldmere", "Dunwick", "Eastholm", "Fernley", "Garrowby", "Hartsea"),
    "zh": ("青石镇", "白鹭洲", "云溪", "石桥村", "临江", "南塘", "松岭", "晚霞湾"),
}


def language_of(number: int) -> str:
    return ("en", "zh")[number % 2]


def paragraphs(number: int) -> list[str]:
    """Text of a long page."""
    language = language_of(number)
    place = _PLACES[language][number // 2 % 8] + (f" {number}" if language == "en" else f"{number}号")
    own = [line.format(place=place) for line in (_ENGLISH if language == "en" else _CHINESE)]
    return [*own, _ALSO_READ[language]]


def make_crawl(base: Path, snapshot: str, *, first_page: int = 0, title: str = "Town") -> None:
    """Writes a snapshot below the base: `FILES` WARC files and their WET twins, with paths lists."""
    for kind in ("warc", "wet"):
        names = [f"crawl-data/{snapshot}/segments/1.0/{kind}/part-{i:05d}.{kind}.gz" for i in range(FILES)]
        for i, name in enumerate(names):
            file = base / name
            file.parent.mkdir(parents=True, exist_ok=True)
            numbers = range(first_page + i * PAGES, first_page + (i + 1) * PAGES)
            file.write_bytes(_warc(numbers, title=title) if kind == "warc" else _wet(numbers))
        listing = "".join(f"{name}\n" for name in names).encode()
        (base / f"crawl-data/{snapshot}/{kind}.paths.gz").write_bytes(gzip.compress(listing, mtime=0))


def make_archive(folder: Path, *, pages: range, clipped: bool = False) -> None:
    """Writes a folder of one WARC file of one's own; `clipped`: its last record breaks off in the middle."""
    folder.mkdir(parents=True, exist_ok=True)
    data = _warc(pages)
    (folder / "own.warc.gz").write_bytes(data[:-600] if clipped else data)


def make_dump(folder: Path, *, clipped: bool = False) -> None:
    """Writes an English dump of three articles, far too little for a language model; `clipped`: as plain XML that breaks off in the last."""
    folder.mkdir(parents=True, exist_ok=True)
    articles = "".join(
        f"<page><title>{place}</title><ns>0</ns><id>{i}</id><revision><id>9{i}</id><timestamp>2025-01-01T00:00:00Z</timestamp>"
        f"<model>wikitext</model><text>'''{place}''' is a [[town]]. {' '.join(paragraphs(2 * i)[:-1])}</text></revision></page>"
        for i, place in enumerate(_PLACES["en"][:3])
    )
    site = "<siteinfo><sitename>Wikipedia</sitename><dbname>enwiki</dbname><base>https://en.wikipedia.org/wiki/Main_Page</base></siteinfo>"
    data = f'<mediawiki xml:lang="en">{site}{articles}</mediawiki>'.encode()
    name = "enwiki-20250101-pages-articles.xml"
    if clipped:
        (folder / name).write_bytes(data[:-200])
    else:
        (folder / f"{name}.bz2").write_bytes(bz2.compress(data))


def make_home(home: Path, **settings: object) -> Path:
    """A folder with `crawl/`, `encyclopedia/` and settings: text from WET files, everything in one process."""
    make_crawl(home / "crawl", SNAPSHOT)
    make_crawl(home / "crawl", NEXT_SNAPSHOT, first_page=PAGES * FILES)
    make_dump(home / "encyclopedia")
    write_settings(home, **settings)
    return home


def write_settings(home: Path, **settings: object) -> None:
    """Writes corpus.yaml; `settings` replace sections."""
    values = {
        "source": {"location": "crawl"},
        "encyclopedia": {"location": "encyclopedia"},
        "variants": ["wet"],
        "pages": {"shard_files": 1},
        "engine": {"kind": "serial"},
    }
    (home / "corpus.yaml").write_text(yaml.safe_dump(values | settings, allow_unicode=True), encoding="utf-8")


def _warc(numbers: range, *, title: str = "Town") -> bytes:
    stream = io.BytesIO()
    writer = WARCWriter(stream, gzip=True)
    pages = [(f"https://town{n}.example/", _html(n, title), "text/html; charset=utf-8") for n in numbers]
    first = numbers.start
    pages.append((f"https://short{first}.example/", b"<html><body><p>Back soon.</p></body></html>", "text/html"))
    pages.insert(0, (f"https://picture{first}.example/a.png", b"\x89PNG\r\n\x1a\n" + bytes(64), "image/png"))
    for url, body, content_type in pages:
        headers = StatusAndHeaders("200 OK", [("Content-Type", content_type)], protocol="HTTP/1.1")
        record = writer.create_warc_record(
            url,
            "response",
            payload=io.BytesIO(body),
            http_headers=headers,
            warc_headers_dict={"WARC-Record-ID": _record_id(url), "WARC-Date": _date()},
        )
        writer.write_record(record)
    return stream.getvalue()


def _wet(numbers: range) -> bytes:
    stream = io.BytesIO()
    writer = WARCWriter(stream, gzip=True)
    pages = [(f"https://town{n}.example/", "\n".join(paragraphs(n))) for n in numbers]
    pages.append((f"https://short{numbers.start}.example/", "Back soon."))
    for url, text in pages:
        record = writer.create_warc_record(
            url,
            "conversion",
            payload=io.BytesIO(text.encode()),
            warc_content_type="text/plain",
            warc_headers_dict={"WARC-Refers-To": _record_id(url), "WARC-Date": _date()},
        )
        writer.write_record(record)
    return stream.getvalue()


def _html(number: int, title: str) -> bytes:
    body = "".join(f"<p>{line}</p>" for line in paragraphs(number))
    name = _PLACES[language_of(number)][number // 2 % 8]
    return f"<html><head><title>{title} {name}</title></head><body><article>{body}</article></body></html>".encode()


def _record_id(url: str) -> str:
    return f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, url)}>"


def _date() -> str:
    return datetime(2025, 1, 15, 12, tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
