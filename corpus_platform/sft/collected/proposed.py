"""Task sheets proposed of failing requests: a file for each language, with the clusters' examples as prompts.

    propose(rows, name="failing")       # {"failing": SheetFile}: what a folder of sheets takes

A proposal asks in the users' own words; wordings, guide and rules are a beginning that people edit.

Not here: clusters (failing.py), sheets (sheet.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from corpus_platform.errors import SettingsError
from corpus_platform.sft.collected.sheet import SLOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_GUIDES = {
    "en": "Users asked this and were not served. Write the answer that they should have had; leave placeholders such as <EMAIL_1> as they are.",
    "zh": "用户问了下面的问题，却没有得到满意的回答。请写出他们本该得到的回答；<EMAIL_1> 这样的占位符请保持原样。",
}
_WORDINGS = {
    "en": [SLOT, f"Please help me with this: {SLOT}", f"{SLOT}\n\nTake your time and answer carefully."],
    "zh": [SLOT, f"请帮我解决：{SLOT}", f"{SLOT}\n\n请仔细回答。"],
}


def propose(rows: Iterable[Mapping[str, Any]], *, task_type: str = "other", most: int = 50) -> str:
    """YAML of a file of sheets, of rows of `sft.failing`, the largest clusters first. Raises SettingsError where there is none."""
    parts: dict[str, dict[str, Any]] = {}
    seen: set[str] = set()
    for row in rows:
        language = "zh" if row["language"] == "zh" else "en"
        if row["example"] in seen:
            continue
        seen.add(row["example"])
        part = parts.setdefault(
            language,
            {"guide": _GUIDES[language], "wordings": _WORDINGS[language], "rules": {"least": 10}, "prompts": []},
        )
        if len(part["prompts"]) < most:
            case = f"failing: {row['failures']} of {row['requests']} requests"
            part["prompts"].append({"text": row["example"], "use_case": case})
    if not parts:
        raise SettingsError("there is no failing request to write for: corpus sft failing")
    made = {"task_type": task_type, "languages": dict(sorted(parts.items()))}
    return yaml.safe_dump(made, sort_keys=False, allow_unicode=True, width=150)
