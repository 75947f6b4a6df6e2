"""FlagData's own pruners over texts, timed one by one: `python flagdata_pruners.py CHECKOUT TEXTS OUTPUT`.

TEXTS is a JSON list of texts; OUTPUT gets {operator: {seconds, texts}}: processor time of one thread, and what came out. The modules are loaded one by
one under a bare base class, for the package asks for spaCy models when it is imported. An operator that takes longer than a minute of processor time
is stopped: {operator: {stopped: documents done}}. It needs `regex` and, for the conversion, `opencc`.
"""

from __future__ import annotations

import importlib
import json
import signal
import sys
import time
import types
from pathlib import Path

MODULES = {
    "CopyrightPruner": "copyright_pruner",
    "EmailPruner": "email_pruner",
    "IpPruner": "ip_pruner",
    "LinkPruner": "link_pruner",
    "NonChineseCharPruner": "non_chinese_char_pruner",
    "RepeatSentencePruner": "repeat_sentence_pruner",
    "ReplacePruner": "replace_pruner",
    "TablePruner": "table_pruner",
    "UnicodePruner": "unicode_pruner",
    "FigureTableCaptionPruner": "figuret_able_caption_pruner",
    "ConsecutiveNewlinesPruner": "consecutive_newlines_pruner",
    "CataloguePruner": "catalogue_pruner",
    "ControlCharPruner": "control_char_pruner",
    "EndAtLastPunctuationPruner": "end_at_last_punctuation_pruner",
    "SpecificPatternPruner": "specific_pattern_pruner",
    "PunctuationNormalizationPruner": "punctuation_normalization_pruner",
    "ChineseConversionPruner": "chinese_conversion_pruner",
}
PARAMETERS = {
    "ReplacePruner": {"pattern": r"\d+", "repl": "0"},
    "SpecificPatternPruner": {"patterns": ["Click here", "点击关注"]},
    "ChineseConversionPruner": {"mode": "t2s"},
}
LONGEST = 60


class Slow(Exception):
    """An operator that took too long."""


def _stop(*_: object) -> None:
    raise Slow


def loaded(checkout: Path) -> dict[str, type]:
    """The pruners' classes, by name."""
    base = types.ModuleType("flagdata.data_operator.base_operator")
    base.BaseOperator = type("BaseOperator", (), {"__init__": lambda *_, **__: None})  # type: ignore[attr-defined]
    sys.modules[base.__name__] = base
    for name in ("flagdata", "flagdata.data_operator", "flagdata.data_operator.pruner"):
        package = types.ModuleType(name)
        package.__path__ = [str(checkout / name.replace(".", "/"))]
        sys.modules[name] = package
    return {
        operator: getattr(importlib.import_module(f"flagdata.data_operator.pruner.{module}"), operator)
        for operator, module in MODULES.items()
    }


def main(checkout: str, texts: str, output: str) -> None:
    """Runs every pruner over all texts."""
    given = json.loads(Path(texts).read_text(encoding="utf-8"))
    found = {}
    signal.signal(signal.SIGPROF, _stop)
    for name, operator in loaded(Path(checkout)).items():
        pruner = operator(**PARAMETERS.get(name, {}))
        made: list[str] = []
        signal.setitimer(signal.ITIMER_PROF, LONGEST)
        began = time.process_time()
        try:
            for text in given:
                made.append(pruner.process({"content": text})["content"])  # noqa: PERF401  (what was done counts when it is stopped)
            found[name] = {"seconds": time.process_time() - began, "texts": made}
        except Slow:
            found[name] = {"stopped": len(made)}
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    Path(output).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
