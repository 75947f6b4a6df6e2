"""Questions on articles of encyclopedias, answered by their lead and by their sections, from cleaned articles.

"What is X?" (or who) is answered by what stands before the first heading, "What is the history of X?" by that section; headings that are asked for in no
other way are asked for by name. Sections of references, links and pictures, lists and disambiguations are left out; of a long section its first
paragraphs are taken.

Not here: dumps (sources/mediawiki.py, readers/baike.py), their cleaning (recipes/).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from corpus_platform.sft.construct.rows import kept
from corpus_platform.sft.construct.way import Made, Way, made, register_way, skipped
from corpus_platform.sft.form import Dialogue, assistant, user
from corpus_platform.sft.kinds.about import chinese

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_LIST = re.compile(
    r"^(?:lists? of|outline of|index of|timeline of|bibliography of)\b|\(disambiguation\)$"
    r"|(?:列表|一览|年表)$|[（(]?消歧[义義][）)]?$",
    re.IGNORECASE,
)
_APPENDIX = re.compile(
    r"^(?:references?|notes?|footnotes|citations|sources|works cited|bibliography|further reading|external links?|see also"
    r"|gallery|media|publications|discography|filmography|selected works"
    r"|参考(?:文献|资料|来源|書目|书目)|參考(?:文獻|資料|來源)|外部(?:链接|連結|鏈接)|参见|參見|参看|相关条目|相關條目|注释|註釋|注解|脚注"
    r"|延伸(?:阅读|閱讀)|扩展阅读|图集|圖集|图片|词条图册|资料来源|資料來源|作品列表|备注|備註)$",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"\([^()]{0,80}(?:born\b|\d{3,4}\s?[–-]\s?(?:\d{3,4}|\w+ \d{1,2}, \d{4}|\d{1,2} \w+ \d{4}))"
    r"|（[^（）]{0,60}\d{3,4}年[^（）]{0,60}(?:—|－|–|-|~|～|出生|生)"
)
_FIGURE = re.compile(
    r"\b(?:(?:following|below|above) (?:table|figure|diagram|chart|list|image)"
    r"|(?:table|figure|diagram|chart|image|list) (?:below|above|at right|on the right))\b"
    r"|(?:下|上|右|左)(?:表|图|圖)|如图|如圖|见表|見表|见图|見圖",
    re.IGNORECASE,
)
_ASKED = {
    "en": {
        "history": "What is the history of {title}?",
        "etymology": "Where does the name of {title} come from?",
        "name": "Where does the name of {title} come from?",
        "life": "Tell me about the life of {title}.",
        "biography": "Tell me about the life of {title}.",
        "early life": "What is known of the early life of {title}?",
        "personal life": "What is known of the personal life of {title}?",
        "career": "What was the career of {title}?",
        "death": "How did {title} die?",
        "plot": "What is the plot of {title}?",
        "geography": "What is the geography of {title}?",
        "climate": "What is the climate of {title} like?",
        "economy": "What is the economy of {title} based on?",
        "demographics": "What is the population of {title} like?",
        "culture": "What is the culture of {title} like?",
        "symptoms": "What are the symptoms of {title}?",
        "signs and symptoms": "What are the signs and symptoms of {title}?",
        "causes": "What are the causes of {title}?",
        "treatment": "How is {title} treated?",
        "diagnosis": "How is {title} diagnosed?",
        "applications": "What is {title} used for?",
        "uses": "What is {title} used for?",
    },
    "zh": {
        "历史": "{title}的历史是怎样的？",
        "歷史": "{title}的歷史是怎樣的？",
        "名称": "{title}这个名称是怎么来的？",
        "词源": "{title}的词源是什么？",
        "生平": "请介绍{title}的生平。",
        "早年": "{title}早年的经历是怎样的？",
        "剧情": "{title}讲了什么故事？",
        "地理": "{title}的地理情况如何？",
        "气候": "{title}的气候有什么特点？",
        "经济": "{title}的经济情况如何？",
        "人口": "{title}的人口情况如何？",
        "文化": "{title}的文化有什么特点？",
        "症状": "{title}有哪些症状？",
        "病因": "{title}的病因是什么？",
        "治疗": "{title}如何治疗？",
        "诊断": "如何诊断{title}？",
        "应用": "{title}有哪些应用？",
        "用途": "{title}有哪些用途？",
    },
}
_GENERIC = {
    "en": (
        "I am reading about {title}. Tell me about this part: {heading}.",
        "On the subject of {title}: explain “{heading}”.",
    ),
    "zh": ("关于{title}，请介绍一下“{heading}”。", "请从“{heading}”方面介绍{title}。"),
}
_LEAD = {
    "en": ("What is {title}?", "Who is {title}?", "Who was {title}?", "Give a short introduction to {title}."),
    "zh": ("{title}是什么？", "{title}是谁？", "{title}是谁？", "请简要介绍{title}。"),
}


@dataclass(frozen=True)
class Part:
    """A piece of an article: its heading (empty for the lead), its text, and whether it was cut."""

    heading: str
    text: str
    cut: bool = False


@register_way
class EncyclopediaQa(Way):
    """Articles as questions with answers."""

    name: ClassVar[str] = "encyclopedia_qa"
    about: ClassVar[str] = "a question on an article or one of its sections, answered by its text"
    reads: ClassVar[Literal["messages", "documents"]] = "documents"
    source: ClassVar[str | None] = "encyclopedia"
    reasons: ClassVar[Mapping[str, str]] = {
        "list_article": "The article is a list, an index or a disambiguation",
        "appendix": "The section has references, links, works or pictures",
        "too_short": "The text is shorter than asked for",
        "speaks_of_figure": "The text speaks of a table or picture that is not there",
    }

    per_article: int = Field(
        default=3, ge=1, description="Questions of an article at most: its lead, and sections that are drawn"
    )
    shortest: int = Field(default=200, ge=1, description="Characters of an answer at least; of a Chinese one a third")
    longest: int = Field(
        default=3_000,
        ge=100,
        description="Characters of an answer at most, in whole paragraphs; of a Chinese one a third",
    )
    lead: bool = Field(default=True, description="Whether the lead is asked for")

    def make(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Made]:
        """Dialogues of each article."""
        for row in rows:
            yield from self._of_article(row)

    def _of_article(self, row: Mapping[str, Any]) -> Iterator[Made]:
        doc_id, title = row["doc_id"], " ".join(str(row.get("title") or "").split())
        text = str(row.get("text") or "")
        if not title or not text.strip():
            yield skipped("lacks_field", doc_id, detail="text" if title else "title")
            return
        if _LIST.search(title):
            yield skipped("list_article", doc_id, detail=title)
            return
        usable = []
        for part in parts(text, title, row.get("sections") or []):
            reason = self._refused(part)
            if reason:
                yield skipped(reason, doc_id, detail=part.heading)
            else:
                usable.append(part)
        ranked = sorted(usable, key=lambda part: (bool(part.heading), self.draw("section", doc_id, part.heading)))
        for number, part in enumerate(ranked):
            if number < self.per_article:
                yield made(self._dialogue(row, title, self._shortened(part)), doc_id)
            else:
                yield skipped("over_cap", doc_id, detail=part.heading)

    def _refused(self, part: Part) -> str | None:
        if not part.heading and not self.lead:
            return "unfit"
        if _APPENDIX.match(part.heading.strip()):
            return "appendix"
        if _size(part.text) < self.shortest:
            return "too_short"
        return "speaks_of_figure" if _FIGURE.search(part.text) else None

    def _shortened(self, part: Part) -> Part:
        """Whole paragraphs up to the length; the first one always."""
        taken: list[str] = []
        for paragraph in part.text.split("\n"):
            if taken and _size("\n".join([*taken, paragraph])) > self.longest:
                return Part(part.heading, "\n".join(taken).strip(), True)
            taken.append(paragraph)
        return part

    def _dialogue(self, row: Mapping[str, Any], title: str, part: Part) -> Dialogue:
        language = "zh" if chinese(part.text) else "en"
        name = _name(title, str(row["text"]))
        if part.heading:
            known = _ASKED[language].get(part.heading.strip().lower())
            generic = _GENERIC[language]
            asked = known or generic[self.draw("wording", row["doc_id"], part.heading) % len(generic)]
        else:
            asked = self._about(part.text, language, row["doc_id"])
        return Dialogue(
            (user(asked.format(title=name, heading=part.heading)), assistant(part.text)),
            task_type="knowledge",
            construction="rewritten",
            origin=row.get("origin") or "human",
            labels={"section": part.heading or "lead", "cut": part.cut},
            **kept({**row, "language": row.get("language") or language}),
        )

    def _about(self, text: str, language: str, doc_id: str) -> str:
        first = re.split(r"(?<=[a-z)]\.) |。", text[:400])[0]
        what, is_who, was_who, introduce = _LEAD[language]
        if self.draw("lead", doc_id) % 4 == 0:
            return introduce
        if not _PERSON.search(first):
            return what
        return was_who if re.search(r"\bwas (?:an?|the)\b", first) else is_who


def parts(text: str, title: str, sections: list[Mapping[str, Any]]) -> list[Part]:
    """Lead and sections of an article. Of sections within sections the outer ones are taken, with what is in them."""
    own = [s for s in sections if s["title"].strip() and s["title"].strip() != title]
    level = min((s["level"] for s in own), default=0)
    outer = [s for s in own if s["level"] == level]
    first = min((s["start"] for s in own), default=len(text))
    found = [Part("", _body(text[:first], title))]
    for section, following in zip(outer, [*outer[1:], None], strict=False):
        end = following["start"] if following else len(text)
        heading = section["title"].strip()
        found.append(Part(heading, _body(text[section["start"] : end], heading)))
    return found


def _body(text: str, heading: str) -> str:
    """A section's text without its heading line."""
    first, _, rest = text.lstrip("\n").partition("\n")
    bare = first.strip().strip("#= ").rstrip(".。:：")
    return (rest if bare == heading.rstrip(".。:：") else text).strip()


def _name(title: str, text: str) -> str:
    """The title without what tells it from others behind it, with a small letter where the text writes it so (titles begin with a capital)."""
    bare = re.sub(r"\s*[(（][^()（）]+[)）]$", "", title) or title
    small = bare[:1].lower() + bare[1:]
    counts = [len(re.findall(rf"\b{re.escape(one)}\b", text)) for one in (small, bare)]
    return small if small != bare and counts[0] > counts[1] else bare


def _size(text: str) -> int:
    return len(text) * (3 if chinese(text) else 1)
