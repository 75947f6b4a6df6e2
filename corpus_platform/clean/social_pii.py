"""Personal data of people who write on the web: the style `social` and the proof that nothing of it is left.

Besides mail, telephone, identity and card numbers and IP addresses these are handles (`@name`, `u/name`, `回复 name：`), accounts of messengers,
and addresses of pages about a person. Numbers with a check digit are only taken where it is right. Handles are not looked for in code, where
an @ begins a decorator or a variable; all else is.
Promise: a text after `deidentified` has nothing that `private_patterns_left` finds, and is changed no further.
Source: GB 11643 (identity numbers), ISO/IEC 7812 (card numbers and their prefixes), ITU-T E.164 and the numbering plans of China and North America.

Not here: display names, which only their site knows (readers/people.py); the styles of other systems (pii_styles.py).
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from corpus_platform.clean import pii
from corpus_platform.clean.pii import AT, CHINESE_ID, COLONS, Detector, find
from corpus_platform.text.batch import TextBatch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ROUNDS = 4
"""What stands beside a find may become one when that is replaced."""

_HOST = r"(?<![\w.@-])(?:(?:https?:)?//)?(?:[\w-]{1,63}\.){0,4}"
_REST = r"[^\s<>()\[\]\"'`，。；、）】》]*"
_MEMBERS = (
    r"(?:stackexchange|stackoverflow|superuser|serverfault|askubuntu|stackapps)\.com/(?:users|story|cv)/",
    r"mathoverflow\.net/users/",
    r"reddit\.com/u(?:ser)?/",
    r"weibo\.(?:com|cn)/(?:u|n|profile)/",
    r"zhihu\.com/(?:people|org)/",
    r"tieba\.baidu\.com/home/",
    r"douban\.com/people/",
    r"space\.bilibili\.com/",
    r"wikimedia\.org/wiki/User:",
    r"wikipedia\.org/wiki/User:",
)
"""Pages about members, whose links say a name."""
_PAGES = (
    r"weibo\.(?:com|cn)/(?=[\w-])",
    r"(?:twitter|x|facebook|instagram)\.com/(?!(?:share|sharer|intent|home|search|hashtag|groups|events)\b)(?=[\w@.-])",
    r"linkedin\.com/(?:in|pub)/",
    r"plus\.google\.com/(?=[+\d])",
    r"t\.me/(?=\w)",
    r"(?:medium|youtube|tiktok)\.com/(?=@\w)",
    r"github\.com/(?=[\w-]{1,39}/?(?![\w/.-]))",
)
_MEMBER = re.compile(rf"(?i:{_HOST}(?:{'|'.join(_MEMBERS)}))")
PROFILE = re.compile(rf"(?i:{_HOST}(?:{'|'.join(_MEMBERS + _PAGES)})){_REST}")
"""Address of a page about a person, whole."""
RELATIVE_PROFILE = re.compile(r"(?<![\w/.])/users/-?\d+(?:/[\w%-]*)?")

_AREA = r"(?:10|2\d|[3-9]\d{2})"
_COUNTRY_GROUPS = r"\+[1-9]\d{0,2}(?:[ -]?\(\d{1,5}\))?(?:[ -]?\d{1,5})"
_LONG, _SHORT = _COUNTRY_GROUPS + "{3,5}", _COUNTRY_GROUPS + "{2,3}"
_NAME = r"[^\W\d_][\w·-]{0,28}(?:\.[\w-]+){0,3}"
_MESSENGER = r"(?:[Qq]{2}|扣扣|企鹅|[Qq]群|微信|威信|薇信|[Ww]e[Cc]hat|[Ww]eixin|V信|VX|vx|Vx|[加＋+][Vv微])"

_ANNOTATIONS = (
    "Autowired Bean Component Controller Deprecated Entity EnableAutoConfiguration Id Inject Injectable Input NgModule NotNull Nullable Output "
    "Override Param Path PathVariable RequestBody RequestMapping RequestParam Repository RestController Service SpringBootApplication "
    "SuppressWarnings Test Transactional Value ViewChild abstractmethod author charset class classmethod dataclass deprecated echo end extend "
    "extends font-face implementation import include interface keyframes media mixin off package page param property protocol return see "
    "selector since staticmethod supports synthesize throws type version wraps 符号 标志"
)
NOT_A_HANDLE = frozenset(_ANNOTATIONS.split())
"""Words behind an @ that are no name: annotations and commands of languages."""
_WORDS = "如下 内容 时间 我 你 他 她 它 楼主 楼上 楼下 评论 道 说 称 是 者 数 人 了 的 中 帖子 本帖 原文 问题 此帖"
_NOT_A_NAME = frozenset(_WORDS.split())


def is_card(match: re.Match[str]) -> bool:
    """Is it a card number by its length and its check digit (Luhn)."""
    digits = [int(character) for character in match[0] if character.isdigit()]
    lengths = (15,) if digits[0] == 3 and digits[1] in (4, 7) else (16, 17, 18, 19) if digits[0] == 6 else (16,)
    doubled = [d if i % 2 == 0 else d * 2 - 9 * (d > 4) for i, d in enumerate(reversed(digits))]
    return len(digits) in lengths and sum(doubled) % 10 == 0 and len(set(digits)) > 1


def _is_dialled(match: re.Match[str]) -> bool:
    """An international number: 9 to 15 digits that are no figure with its thousands apart."""
    groups = re.findall(r"\d+", match[0])
    thousands = len(groups) > 2 and all(len(group) == 3 for group in groups[1:])
    return 9 <= sum(map(len, groups)) <= 15 and not thousands


def _is_handle(match: re.Match[str]) -> bool:
    name = match[1]
    return len(name) > 1 and name not in NOT_A_HANDLE


def _is_unicast(match: re.Match[str]) -> bool:
    try:
        return IPv6Address(match[0]).is_global
    except ValueError:
        return False


SOCIAL: tuple[Detector, ...] = (
    Detector("profile", PROFILE, hint=r"(?i)\.(?:com|net|cn|me|org)/"),
    Detector("profile", RELATIVE_PROFILE, hint="/users/"),
    Detector(
        "email",
        re.compile(
            r"(?<![A-Za-z0-9._%+-])(?:mailto:)?[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@"
            r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9-]{1,63})*\.[A-Za-z][A-Za-z0-9-]{1,23}"
        ),
        bits=AT,
    ),
    Detector(
        "email",
        re.compile(
            r"(?<![\w.+-])[\w.+-]{1,64}(?:\s?(?:＠|\[at\]|\(at\)|\{at\}|<at>|%40)\s?)[A-Za-z0-9-]{1,63}"
            r"(?:\s?(?:\.|\[dot\]|\(dot\)|\{dot\}| dot )\s?[A-Za-z0-9-]{2,63}){1,4}",
            re.IGNORECASE | re.ASCII,
        ),
        hint=r"(?i)＠|[\[({<]at[\])}>]|%40",
    ),
    Detector(
        "email",
        re.compile(r"(?<![\w.+-])[\w.+-]{1,64} at [\w-]{1,63}(?: dot [\w-]{2,63}){1,4}", re.IGNORECASE | re.ASCII),
        hint=r"(?i) at [\w-]{1,63} dot ",
    ),
    CHINESE_ID,
    Detector(
        "card",
        re.compile(
            r"(?<![\w./=-])(?:62|60|65|35|4\d|5[1-5]|2[2-7]|3[47])(?:\d{11,17}|\d{2}(?:[ -]\d{4}){3}(?:[ -]?\d{1,3})?|\d{2}[ -]\d{6}[ -]\d{5})"
            r"(?![\w]|[.-]\d)"
        ),
        digits=15,
        accept=is_card,
    ),
    Detector(
        "phone",
        re.compile(
            r"(?<![\w/=.+-])(?:\+?1[-. ])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[-.])[2-9]\d{2}[-. ]\d{4}(?![\w-]|\.\d)"
        ),
        digits=10,
    ),
    *(
        Detector("phone", re.compile(rf"(?<![\w+/=.]){groups}(?![\d.]*\d)"), digits=9, accept=_is_dialled)
        for groups in (_LONG, _SHORT)
    ),
    Detector(
        "phone",
        re.compile(
            r"(?<![\d+/=.-])(?:86[- ]?)?1[3-9][0-9](?:[0-9]{8}|[- ][0-9]{4}[- ][0-9]{4})(?![0-9]|[.-][0-9])(?<![A-Za-z_]\d{11})"
        ),
        digits=11,
    ),
    Detector(
        "phone",
        re.compile(
            rf"(?<![\d/=.-])(?:[(（]0{_AREA}[)）][ -]?|0{_AREA}[- ])[1-9][0-9]{{6,7}}(?:[-转][0-9]{{1,5}})?(?![0-9])"
        ),
        run=7,
    ),
    Detector(
        "ip",
        re.compile(r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?!\d|\.\d)"),
        bits=pii.DOTTED,
        accept=lambda match: pii.is_public_ipv4(match[0]),
    ),
    Detector(
        "ip",
        re.compile(r"(?<![\w:.])[23][0-9A-Fa-f]{3}:(?:[0-9A-Fa-f]{0,4}:){1,6}[0-9A-Fa-f]{0,4}(?![\w:])"),
        bits=COLONS,
        accept=_is_unicast,
    ),
    Detector(
        "account",
        re.compile(
            rf"{_MESSENGER}(?:群|号|号码|[Ii][Dd])?\s?(?:[:：是为]\s{{0,2}}|[-－—]{{1,2}}\s?)?([1-9][0-9]{{4,11}})(?![0-9年元])"
        ),
        run=5,
        group=1,
        hint=_MESSENGER,
    ),
    Detector(
        "account",
        re.compile(
            rf"(?<![A-Za-z]){_MESSENGER}(?:(?:号|号码|[Ii][Dd])\s?[:：是为]?|\s?[:：]|(?<=加微信)|(?<=加我微信)|(?<=加[Vv]))\s{{0,2}}([A-Za-z][A-Za-z0-9_-]{{4,19}})(?![\w-])"
        ),
        group=1,
        hint=_MESSENGER,
    ),
    Detector(
        "user", re.compile(r"(?<![\w/.-])/?u/([A-Za-z0-9_-]{3,20})(?![\w/-])"), hint=r"u/[A-Za-z0-9_-]", in_code=False
    ),
    Detector(
        "user",
        re.compile(r"(?:^|(?<=//)|(?<=[\s。！？]))回复\s?([^\s:：@，。！？<>]{1,30})\s?(?=[:：])"),
        group=1,
        hint="回复.{1,31}[:：]",
        accept=lambda match: match[1] not in _NOT_A_NAME,
    ),
    Detector(
        "user",
        re.compile(rf"(?<![A-Za-z0-9_@＠\\])[@＠]({_NAME})(?!/?[\w@])", re.UNICODE),
        hint=r"[@＠]\p{L}",
        accept=_is_handle,
        in_code=False,
    ),
)
"""In the order of precedence."""

INSTEAD: Mapping[str, tuple[str, ...]] = {
    kind: (f"<{kind.upper()}>",) for kind in dict.fromkeys(detector.kind for detector in SOCIAL)
}
"""What stands in place of each kind."""
USER = INSTEAD["user"][0]

_LEFT = {"row": pl.Int64, "kind": pl.String, "start": pl.Int64, "end": pl.Int64}


def private_patterns_left(texts: pl.Series) -> pl.DataFrame:
    """Every known pattern of personal data in texts: `row`, `kind`, `start`, `end` (characters). Nulls have none."""
    found = find(TextBatch.of(texts.cast(pl.String).fill_null("")), SOCIAL)
    kinds = [SOCIAL[kind].kind for kind in found.kind.tolist()]
    return pl.DataFrame({"row": found.document, "kind": kinds, "start": found.start, "end": found.end}, schema=_LEFT)


def deidentified(texts: Sequence[str]) -> tuple[list[str], list[dict[str, int]]]:
    """The texts with every find replaced by its kind (`<EMAIL>`), and how many of each kind every text had."""
    made = list(texts)
    counts: list[dict[str, int]] = [{} for _ in made]
    rows = np.arange(len(made))
    for _ in range(_ROUNDS):
        batch = TextBatch.of([made[row] for row in rows.tolist()])
        found = find(batch, SOCIAL)
        if not len(found):
            break
        done = pii.replace(batch, found, SOCIAL, INSTEAD)
        for document, kind in zip(found.document.tolist(), found.kind.tolist(), strict=True):
            of_text = counts[rows[document]]
            of_text[SOCIAL[kind].kind] = of_text.get(SOCIAL[kind].kind, 0) + 1
        for document, text in zip(done.documents.tolist(), done.texts, strict=True):
            made[rows[document]] = text
        rows = rows[done.documents]
    return made, counts


def is_member(address: str) -> bool:
    """Is it the address of a page about a member of a site."""
    return _MEMBER.match(address) is not None or RELATIVE_PROFILE.match(address) is not None
