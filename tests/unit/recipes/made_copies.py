"""A small corpus with planted copies, in English and Chinese: who must go, and who must stay, by what is compared."""

import random

import orjson
import polars as pl

from corpus_platform.sources.plain import PlainWriter, opened

LINE = "Subscribe to the harbour letter and read every Sunday what the ferries carried over the strait and who waited on the pier for them."
_LETTERS = "abcdefghiklmnoprstuvw"


class _Made:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.words = ["".join(self.random.choices(_LETTERS, k=self.random.randint(3, 9))) for _ in range(3000)]

    def sentence(self, chinese):
        if chinese:
            return "".join(chr(self.random.randint(0x4E00, 0x9000)) for _ in range(self.random.randint(12, 22))) + "。"
        return " ".join(self.random.choices(self.words, k=self.random.randint(9, 15))).capitalize() + "."

    def paragraph(self, chinese, sentences=2):
        return ("" if chinese else " ").join(self.sentence(chinese) for _ in range(sentences))

    def text(self, chinese, paragraphs=12):
        return "\n".join(self.paragraph(chinese) for _ in range(paragraphs))


def rows():
    """Rows by id: `en-0` .. and `zh-0` .. are like no other; `*-copy` is `*-0` again, `*-near` is `*-1` with a mark at its end; `line-*` and `passage-*`."""
    made, found = _Made(5), []
    for language in ("en", "zh"):
        chinese = language == "zh"
        own = [made.text(chinese) for _ in range(5)]
        passage = made.paragraph(chinese, 12)
        around = [(made.text(chinese, 3), made.text(chinese, 3)) for _ in range(4)]
        named = {f"{language}-{i}": text for i, text in enumerate(own)}
        named |= {f"{language}-copy": own[0], f"{language}-near": own[1] + "!"}
        named |= {f"line-{language}-{i}": f"{around[i][0]}\n{LINE}\n{around[i][1]}" for i in (0, 1) if not chinese}
        named |= {f"passage-{language}-{i}": f"{around[2 + i][0]} {passage} {around[2 + i][1]}" for i in (0, 1)}
        found += [
            {
                "id": name,
                "text": text,
                "url": f"https://{language}.example.org/{name.replace('-copy', '-0')}",
                "digest": f"sha1:{name.replace('-copy', '-0')}",
                "language": language,
                "mine": {"as": ["it", "is"]},
            }
            for name, text in named.items()
        ]
    return found


def passage_of(language):
    """The passage that two documents share."""
    texts = {row["id"]: row["text"] for row in rows()}
    first, second = (texts[f"passage-{language}-{i}"].split("\n")[2] for i in (0, 1))
    start = next(i for i in range(len(first)) if first[i : i + 60] in second)
    return first[start : start + 400]


def write(path, some):
    """Rows as a file of JSONL (plain, gzip, zstd) or Parquet."""
    with PlainWriter(path) as writer:
        writer.write(some)
    return path


def read(path):
    """Rows of a file."""
    if path.suffix == ".parquet":
        return pl.read_parquet(path).to_dicts()
    return [orjson.loads(line) for line in opened(path)]
