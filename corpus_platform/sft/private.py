"""Personal data of dialogues, replaced so that what is said keeps its sense: the same value is the same numbered placeholder within one dialogue.

    user: "My mail is a@b.org"   assistant: "I'll write to a@b.org"    ->   <EMAIL_1> in both

Found are mail addresses, telephone numbers (mainland China, North America, with a country's code), identity numbers (GB 11643, the old ones of 15 digits
behind their word), bank cards (Luhn), passports and accounts of messengers behind their words, plates, US social security numbers, public IP addresses,
keys, private keys, and passwords in addresses. Addresses of reserved names (example.com), well-known name servers and version numbers stay.
In mathematics a number is personal only right behind a word that says so: its digits are what the answer is about.
Promise: no value is kept anywhere, only how many there were; placeholders that a text has already are not given again; calls stay JSON.
Source: the detectors of clean/social_pii.py and clean/secrets.py; what WildChat and LMSYS-Chat took out before they were published.

Not here: names and addresses of people, which no pattern shows.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import polars as pl

from corpus_platform.clean.pii import DOTTED, Detector, find, is_public_ipv4
from corpus_platform.clean.secrets import find_secrets
from corpus_platform.clean.social_pii import SOCIAL
from corpus_platform.lists.lists import Lists
from corpus_platform.sft.pieces import Pieces, Put
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.pieces import PLACES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

_RESERVED = re.compile(
    r"(?i)^(?:git|hg|svn|no-?reply)@|@(?:[\w-]+\.)*(?:example|domain|company|email|yourdomain|test|sample|localhost|website|yourcompany|xxx)\."
    r"(?:com|org|net|cn|co)$|@.*\.(?:test|invalid|localhost|local|example)$|@users\.noreply\.|^(?:user(?:name)?|name|your[._]?\w*|someone|example|test(?:er)?|xxx+|abc)@"
)
_FREE = re.compile(r"\+?1?[-. (]{0,2}8(?:00|33|44|55|66|77|88)[-. )]")
_NAME_SERVERS = frozenset({"8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "114.114.114.114", "223.5.5.5"})
_VERSION = re.compile(r"(?i)(?:\bv|version|release|版本|版|firmware|build|[=~^<>@-]|section|chapter|第)\s?[:：]?\s?$")
_BEHIND_HAN = re.compile(r"[\u4e00-\u9fff]\s?$")
_HOST_WORD = re.compile(r"(?i)ip|地址|服务器|主机|网址|域名|dns|[是为到在从向和与]\s?$")
"""Words before an address; behind other Chinese ones such digits are measures without their signs: 5.64.52.9 for 5.6×4.5×2.9."""

_ID_WORD = r"(?:身份证(?:号码?|件号码?)?|身分證(?:字號|號碼)?|公民身份号码|ID ?(?:card|number|no\.?))"
_PASSPORT_WORD = r"(?:护照(?:号码?)?|護照(?:號碼?)?|[Pp]assport(?: (?:[Nn]umber|[Nn]o\.?))?|通行证(?:号码?)?)"
_PHONE_WORD = (
    r"(?:电话|電話|座机|固话|热线|手机|手機|联系方式|[Tt]el(?:ephone)?|TEL|[Pp]hone(?: number)?)(?:号码?|號碼?)?"
)
_PLATE = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_BY_NUMBER = frozenset({"phone", "card", "id", "ssn", "passport", "account", "ip", "plate"})
"""Kinds that are digits for the most part."""
_SAYS_SO = re.compile(
    r"(?i)(?:电话|電話|手机|手機|联系|致电|拨打|热线|身份证|银行卡|卡号|账号|帐号|账户|护照|车牌|微信|\bqq\b|\btel|phone|mobile|call|contact|fax|passport"
    r"|card|account|ssn|social security|\bip\b|address|plate)[^\d]{0,24}$"
)
"""What stands before a number that is personal."""


def _is_personal_address(match: re.Match[str]) -> bool:
    """An address of a domain that there may be: `n@app.route` is a decorator behind a line break that was written as two characters."""
    address = match[0].removeprefix("mailto:")
    last = re.split(r"[.\s\])}]+", address.rstrip("])}"))[-1].lower()
    return (len(last) == 2 or last in _domains()) and not _RESERVED.search(address)


@cache
def _domains() -> frozenset[str]:
    return frozenset(entry.lower().lstrip(".") for entry in Lists().get("top_level_domains").entries)


def _is_personal_phone(match: re.Match[str], accept: Callable[[re.Match[str]], bool] | None) -> bool:
    """No piece of a longer mark (`dc71f142-8771-4830-ac64`), and no number that is free of charge."""
    text, (start, end) = match.string, match.span()
    before, after = text[start - 1 : start], text[end : end + 2]
    piece = bool(re.match(r"[A-Za-z0-9_]", before) or re.match(r"[A-Za-z0-9_]|-[A-Za-z0-9]", after))
    return not piece and not _FREE.match(match[0]) and (accept is None or accept(match))


def _is_personal_ip(match: re.Match[str]) -> bool:
    before = match.string[max(match.start() - 12, 0) : match.start()]
    if _BEHIND_HAN.search(before) and not _HOST_WORD.search(before):
        return False
    return is_public_ipv4(match[0]) and match[0] not in _NAME_SERVERS and not _VERSION.search(before)


def _is_plate(match: re.Match[str]) -> bool:
    return sum(character.isdigit() for character in match[0]) >= 2


_OWN: tuple[Detector, ...] = (
    Detector(
        "id", re.compile(rf"{_ID_WORD}\s?(?:[:：是为]\s{{0,2}})?([1-9]\d{{16}}[\dXx]|[1-9]\d{{14}})(?![\dXx])"), run=15, group=1
    ),
    Detector(
        "passport",
        re.compile(rf"{_PASSPORT_WORD}\s?(?:[:：是为]|is)?\s{{0,2}}([A-Z]{{1,2}}\d{{7,8}}|\d{{9}})(?![\dA-Za-z])"),
        run=7,
        group=1,
    ),
    Detector(
        "ssn",
        re.compile(r"(?<![\d.-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-]|\.\d)"),
        digits=9,
    ),
    Detector(
        "phone",
        re.compile(r"(?<![A-Za-z0-9+])\+?86[- ]?1[3-9]\d(?:\d{8}|[- ]\d{4}[- ]\d{4})(?!\d)"),
        digits=13,
    ),
    Detector(
        "phone",
        re.compile(
            rf"{_PHONE_WORD}\s?(?:[:：是为]|is)?\s{{0,2}}((?:0\d{{2,3}}[- ]?)?[2-9]\d{{6,7}}(?:[-转]\d{{1,5}})?)(?![\d年元])"
        ),
        run=7,
        group=1,
    ),
    Detector(
        "plate",
        re.compile(rf"[{_PLATE}][A-HJ-NP-Z][·•\- ]?[A-HJ-NP-Z0-9]{{4,5}}[A-HJ-NP-Z0-9挂学警港澳](?![A-Za-z0-9])"),
        hint=rf"[{_PLATE}][A-HJ-NP-Z]",
        accept=_is_plate,
    ),
)  # fmt: skip


def _of_dialogues(detector: Detector) -> Detector:
    """The detector with what is not personal in answers and code left alone; a number may stand right beside a Chinese character."""
    if detector.kind in {"card", "phone", "ip"}:
        pattern = detector.pattern.pattern.replace(r"[\w", "[A-Za-z0-9_")
        detector = replace(detector, pattern=re.compile(pattern, detector.pattern.flags))
    if detector.kind == "email":
        return replace(detector, accept=_is_personal_address)
    if detector.kind == "phone":
        own = detector.accept
        return replace(detector, accept=lambda match: _is_personal_phone(match, own))
    if detector.kind == "ip" and detector.bits == DOTTED:
        return replace(detector, accept=_is_personal_ip)
    return detector


DETECTORS: tuple[Detector, ...] = (*_OWN, *(_of_dialogues(detector) for detector in SOCIAL))
SECRETS = ("private_key", "key", "password", "secret")
KINDS: tuple[str, ...] = (*SECRETS, *dict.fromkeys(detector.kind for detector in DETECTORS))
"""Kinds of personal data: each is replaced by its name in capitals and a number, `<EMAIL_1>`."""
USUAL: tuple[str, ...] = tuple(kind for kind in KINDS if kind not in {"profile", "user"})
"""Without handles and pages about people, which answers name for good reasons."""

_NUMBERED = re.compile(r"<([A-Z_]+)_(\d{1,6})>")
_ROUNDS = 3


@dataclass(frozen=True)
class Masked:
    """n dialogues without personal data. `counts` finds by kind; `finds` int32[n] of each dialogue; `spans` places in `text`, when asked for."""

    put: Put
    counts: dict[str, int]
    finds: np.ndarray
    spans: pl.DataFrame | None = None


@dataclass(frozen=True)
class _Find:
    """A find in a piece: characters, kind and value."""

    start: int
    end: int
    kind: str
    value: str


@dataclass
class _Names:
    """Placeholders of one dialogue: each value of a kind its number, from 1, or from behind those that its texts have already."""

    first: Counter[str] = field(default_factory=Counter)
    known: dict[tuple[str, str], str] = field(default_factory=dict)

    def of(self, found: _Find) -> str:
        """The placeholder of a find."""
        key = (found.kind, _plain(found))
        if key not in self.known:
            self.first[found.kind] += 1
            self.known[key] = f"<{found.kind.upper()}_{self.first[found.kind]}>"
        return self.known[key]

    def see(self, text: str) -> None:
        """Takes note of the placeholders that a text has."""
        for kind, number in _NUMBERED.findall(text):
            self.first[kind.lower()] = max(self.first[kind.lower()], int(number))


def _plain(found: _Find) -> str:
    """A value as it is compared: +86 138-1234-5678 and 13812345678 are one."""
    if found.kind in {"phone", "card", "ssn"}:
        return re.sub(r"\D", "", found.value)[-11:] if found.kind == "phone" else re.sub(r"\D", "", found.value)
    return found.value.lower().removeprefix("mailto:") if found.kind == "email" else found.value


def masked(
    messages: pl.Series,
    system: pl.Series,
    kinds: Collection[str] = USUAL,
    *,
    is_maths: np.ndarray | None = None,
    trace: bool = False,
) -> Masked:
    """The dialogues with every find replaced. `is_maths` bool[n]: those whose numbers need a word before them."""
    pieces = Pieces.of(messages, system)
    calls = _Calls.of(pieces.flat["calls"])
    own = np.concatenate([pieces.row, pieces.row[len(system) :][: pieces.flat.height][calls.message]])
    texts = pl.concat([pieces.texts, calls.texts])
    maths = np.zeros(len(system), np.bool_) if is_maths is None else is_maths
    turn = np.concatenate([pieces.turn, pieces.flat["turn"].to_numpy()[calls.message]])
    work = _Work(texts, own, turn, tuple(kinds), maths)
    for _ in range(_ROUNDS):
        if not work.round():
            break
    finds = np.bincount(own[work.places["document"].to_numpy()], minlength=len(system)).astype(np.int32)
    whole = work.places.filter(pl.col("document") < len(pieces.texts))
    put = pieces.put(work.texts.slice(0, len(pieces.texts)), calls.put(work.texts.slice(len(pieces.texts))))
    return Masked(put, dict(work.counts), finds, pieces.places(whole) if trace else None)


class _Work:
    """Texts on their way: what stands beside a find may become one when that is replaced, so that they are looked through again."""

    def __init__(
        self, texts: pl.Series, row: np.ndarray, turn: np.ndarray, kinds: tuple[str, ...], is_maths: np.ndarray
    ) -> None:
        self.texts, self.row, self.turn, self.is_maths = texts, row, turn, is_maths
        self.detectors = tuple(detector for detector in DETECTORS if detector.kind in kinds)
        self.secrets = tuple(kind for kind in SECRETS if kind in kinds)
        self.counts: Counter[str] = Counter()
        self.names: defaultdict[int, _Names] = defaultdict(_Names)
        self.places = pl.DataFrame(schema=PLACES)
        self._left = np.arange(len(texts))

    def round(self) -> bool:
        """One look through the texts that the last round has changed; whether anything was found."""
        found = dict(sorted(self._found().items(), key=lambda one: (self.row[one[0]], self.turn[one[0]], one[0])))
        if not found:
            return False
        is_first = not self.names
        if is_first:
            self._see({int(self.row[piece]) for piece in found})
        made, rows = [], []
        for piece, finds in found.items():
            rows.append(piece)
            made.append(self._replaced(self.texts[piece], finds, self.names[int(self.row[piece])]))
            self.counts.update(one.kind for one in finds)
        if is_first:
            table = [(p, one.start, one.end, one.kind) for p, finds in found.items() for one in finds]
            self.places = pl.DataFrame(table, schema=PLACES, orient="row")
        self.texts = self.texts.clone().scatter(rows, pl.Series(made, dtype=pl.String))
        self._left = np.array(rows)
        return True

    def _see(self, rows: set[int]) -> None:
        """Placeholders that the dialogues have already."""
        numbered = self.texts.str.contains(_NUMBERED.pattern).arg_true()
        for piece in numbered.to_list():
            if int(self.row[piece]) in rows:
                self.names[int(self.row[piece])].see(self.texts[piece])

    def _found(self) -> dict[int, list[_Find]]:
        texts = self.texts.gather(self._left)
        found: dict[int, list[_Find]] = {}
        for i, secrets in find_secrets(texts, self.secrets) if self.secrets else ():
            found[i] = [_Find(one.start, one.end, one.kind, texts[i][one.start : one.end]) for one in secrets]
        seen = find(TextBatch.of(texts), self.detectors)
        for i, start, end, kind in zip(
            *(a.tolist() for a in (seen.document, seen.start, seen.end, seen.kind)), strict=True
        ):
            text, name = texts[i], self.detectors[kind].kind
            if self._is_figure(int(self._left[i]), name, text, start):
                continue
            if all(end <= one.start or one.end <= start for one in found.get(i, ())):
                found.setdefault(i, []).append(_Find(start, end, name, text[start:end]))
        return {int(self._left[i]): sorted(finds, key=lambda one: one.start) for i, finds in found.items()}

    def _is_figure(self, piece: int, kind: str, text: str, start: int) -> bool:
        """Whether a number is one of mathematics, and no word says that it is personal."""
        if kind not in _BY_NUMBER or not self.is_maths[self.row[piece]]:
            return False
        return _SAYS_SO.search(text[max(start - 40, 0) : start]) is None

    @staticmethod
    def _replaced(text: str, finds: list[_Find], names: _Names) -> str:
        made, at = [], 0
        for one in finds:
            made += [text[at : one.start], names.of(one)]
            at = one.end
        return "".join([*made, text[at:]])


_IN_CALLS = r"@|\d{5}|://|PRIVATE KEY|(?i:key|token|secret|passw|微信|qq|wechat)"
_LEAST_DIGITS = 7


@dataclass(frozen=True)
class _Calls:
    """Words and long numbers in calls of tools: `texts`, and `message` int64, the message of each; `values` are the calls that have some."""

    calls: pl.Series
    texts: pl.Series
    message: np.ndarray
    values: dict[int, Any]

    @classmethod
    def of(cls, calls: pl.Series) -> _Calls:
        """Those of messages' calls, where any may hold personal data."""
        values = {
            i: orjson.loads(calls[i]) for i in calls.str.contains(_IN_CALLS).fill_null(value=False).arg_true().to_list()
        }
        leaves = [(i, leaf) for i, value in values.items() for leaf in _leaves(value)]
        message = np.array([i for i, _ in leaves], np.int64)
        return cls(calls, pl.Series("text", [leaf for _, leaf in leaves], pl.String), message, values)

    def put(self, texts: pl.Series) -> pl.Series:
        """The calls with other words in the places of theirs; a number that was replaced is a word from then on."""
        if (texts == self.texts).all():
            return self.calls
        left = iter(texts.to_list())
        made = {i: orjson.dumps(_with(value, left)).decode() for i, value in self.values.items()}
        different = self.message[(texts != self.texts).to_numpy()]
        rows = sorted({int(i) for i in different})
        return self.calls.clone().scatter(rows, pl.Series([made[i] for i in rows], dtype=pl.String))


def _is_leaf(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, int) and len(str(value)) >= _LEAST_DIGITS)


def _leaves(value: Any) -> Iterator[str]:
    if _is_leaf(value):
        yield str(value)
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _leaves(one)


def _with(value: Any, left: Iterator[str]) -> Any:
    if _is_leaf(value):
        text = next(left)
        return value if text == str(value) else text
    if isinstance(value, dict):
        return {name: _with(one, left) for name, one in value.items()}
    return [_with(one, left) for one in value] if isinstance(value, list) else value
