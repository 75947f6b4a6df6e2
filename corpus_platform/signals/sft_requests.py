r"""What is wrong with a request or its answer that a look at the pair shows: rules of Self-Instruct, AlpacaDataCleaned, LIMA and the LMSYS releases.

The *instruction* is what the user says first. Every rule that is about words has them in English and Chinese; a rule of Self-Instruct that would drop all
Chinese (a first character outside ASCII) is a signal of its own, for runs in English alone.
Source: yizhongw/self-instruct, bootstrap_instructions.py and prepare_for_finetuning.py; gururise/AlpacaDataCleaned; lm-sys/FastChat,
dataset_release_scripts; allenai/open-instruct, filter_cots.py; LIMA (Zhou et al. 2023).

Not here: lengths and turns (sft_turns.py), repetition (sft_repetition.py), refusals and missing input (sft_phrases.py).
"""

# ruff: noqa: E501  (a pattern is read whole)

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from corpus_platform.signals.dialogues import flat, is_task
from corpus_platform.signals.registry import Family, Signal, register
from corpus_platform.signals.sft_turns import WORD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.signals.subject import Subject

_WANTS = r"(?i)\b(?:images?|graphs?|pictures?|files?|maps?|draw|plot|go to)\b|图片|图像|照片|图表|文件|地图|绘制|画一?[张幅个]|绘图|前往"
_STARTS_PROGRAM = r"(?i)^\s*write a program\b|^\s*(?:请)?(?:编写|写)一?个?程序"
_STARTS_PUNCTUATION = r"^\s*[!-/:-@\[-`{-~，。！？、；：）】》…]"
_STARTS_OTHER = r"^\s*[^\x00-\x7f]"
_COLON = r"[:：]\s*$"
_UNAVAILABLE = r"(?i)^\W*(?:n/?a|none|not applicable|no (?:output|answer|response)|<no ?output>|无|暂无|不适用|无输出|无法回答)\W*$"
_ESCAPES = r"\\[nrt\"](?:\W|[A-Z]|\\|$)|&(?:quot|amp|lt|gt|nbsp|#\d+);|\\u[0-9a-fA-F]{4}|<br ?/?>"
_CODE = r"(?s)```.*?(?:```|\z)|`[^`\n]+`|\"[^\"\n]*\"|'[^'\n]*'"
_IS_CODE = r"(?i)\b(?:code|program|script|html|regex|regular expression|latex|json|string|escape)\b|代码|程序|脚本|正则|转义|字符串"
_MERGED = r"(?mi)^\s*(?:#{1,4}\s*)?(?:instruction|task|指令|任务)\s*\d*\s*[:：]"
_LEFT_MARKS = (
    r"(?mi)^\s*#{2,4}\s*(?:instruction|input|output|response|human|user|assistant|指令|输入|输出|回答|回复)\s*[:：]"
)
_SAYS_CODE = r"(?i)\b(?:following|given|this|below|above|provided) (?:\w+ )?(?:code|snippet|script)\b|(?:下面|以下|下列|给定|这段|上述)的?[^。，\n]{0,6}(?:代码|脚本)"
_LOOKS_CODE = r"[{}<>=;`]|\b(?:def|class|print|SELECT|import|return|var|let|function)\b.*|\w\(.*\)|^\s{2,}\S"
_WRITES_CODE = (
    r"(?i)\b(?:write|create|build|generate|develop|implement|design|construct)\b|编写|写一?[个段]|创建|实现|生成"
)
_REDACTED = r"(?i)<(?:anonymized|redacted)>|\[(?:redacted|anonymized)\]|\bNAME_\d+\b|(?-i:<\|?(?:PERSON|EMAIL|PHONE)\|?>)|＜已脱敏＞|【已脱敏】"
_GREETING = (
    r"(?i)^\W*(?:hi+|hello+|hey+|hello there|hi there|test(?:ing)?|good (?:morning|evening|afternoon)|how are you(?: today)?|who are you|what(?:'s| is) your name|"
    r"what can you do|thanks?|thank you|ok(?:ay)?|yes|no|continue|你好啊?|您好|在吗|在么|嗨|哈喽|早上好|晚上好|测试|你是谁|你叫什么(?:名字)?|你能做什么|谢谢|好的|继续|嗯)\W*$"
)
_FIRST_PERSON = r"\b(?:I|I['’](?:m|ve|d|ll)|[Mm]e|[Mm]y|[Mm]ine|[Mm]yself)\b|我(?:[^们]|$)"
_ELSEWHERE = (
    r"(?i)\bas (?:mentioned|stated|noted|others have (?:said|noted|pointed))|\bstack ?(?:exchange|overflow)\b|\b(?:other|previous|accepted) answers?\b|"
    r"\bin (?:my|the) comments?\b|\bthe (?:op|original poster)\b|如(?:上|前)所述|正如前面|楼上|楼主|上面的(?:回答|答案)|其他(?:回答|答主)|谢邀|评论区"
)
_TURNS = r"(?s)^\s*<think>\s*\S.*?</think>\s*(?:<answer>\s*\S.*</answer>|\S.*)\s*$"
_MARK = r"(?i)</?(?:think|thought|answer)>|<\|(?:begin|end)_of_(?:thought|solution)\|>"
_OF_FEW_WORDS = ("classification", "choice", "extraction")
_INNER_MARK = r"(?s)<think>.*<think>|</think>.*</think>"


def compute(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    """All signals of the family from the messages."""
    messages = flat(subject).with_columns(pl.col("content").fill_null(""), pl.col("reasoning").fill_null(""))
    first = (
        messages.filter(pl.col("role") == "user").group_by("row", maintain_order=True).agg(pl.col("content").first())
    )
    prompts = messages.filter(pl.col("role") == "user").group_by("row", maintain_order=True).agg(**_of_prompts())
    answers = messages.with_columns(pl.col("content").shift(1).over("row").alias("before"))
    answers = answers.filter((pl.col("role") == "assistant") & pl.col("calls").is_null())
    every = pl.DataFrame({"row": pl.Series(range(len(subject)), dtype=pl.UInt32)})
    parts = (
        first.select("row", **_of_instruction()),
        prompts,
        answers.group_by("row", maintain_order=True).agg(**_of_answers()),
    )
    for part in parts:
        every = every.join(part, on="row", how="left", maintain_order="left")
    every = every.with_columns(pl.col(name).fill_null(0) for name in _COUNTS)
    of_few = pl.Series(is_task(subject, *_OF_FEW_WORDS), dtype=pl.Boolean)
    every = every.with_columns(
        pl.when(of_few).then(0).otherwise("sft_unavailable_answers").cast(pl.Int32).alias("sft_unavailable_answers")
    )
    return {name: every[name] for name in wanted}


def _of_instruction() -> dict[str, pl.Expr]:
    said = pl.col("content")
    has_code = said.str.contains(_LOOKS_CODE)
    code = pl.when(~has_code & ~said.str.contains(_WRITES_CODE)).then(said.str.extract(f"({_SAYS_CODE})", 1))
    start = (
        pl.when(said.str.contains(_STARTS_PROGRAM))
        .then(pl.lit("write a program"))
        .when(said.str.contains(_STARTS_PUNCTUATION))
        .then(pl.lit("punctuation"))
    )
    return {
        "sft_instruction_words": said.str.count_matches(WORD).cast(pl.Int32),
        "sft_wants_word": said.str.extract(f"({_WANTS})", 1),
        "sft_starts_with": start,
        "sft_starts_outside_ascii": said.str.contains(_STARTS_OTHER).cast(pl.Int32),
        "sft_prompt_ends_with_colon": said.str.contains(_COLON).cast(pl.Int32),
        "sft_lacks_code_phrase": code,
        "sft_merged_marks": said.str.count_matches(_MERGED).cast(pl.Int32),
    }


def _of_prompts() -> dict[str, pl.Expr]:
    said = pl.col("content")
    return {
        "sft_greetings_only": said.str.contains(_GREETING).all().cast(pl.Int32),
    }


def _of_answers() -> dict[str, pl.Expr]:
    said, thought, before = pl.col("content"), pl.col("reasoning"), pl.col("before").fill_null("")
    plain = said.str.replace_all(_CODE, " ")
    escapes = pl.when(~before.str.contains(_IS_CODE) & ~said.str.contains("```")).then(
        plain.str.count_matches(_ESCAPES)
    )
    return {
        "sft_answer_ends_with_colon": said.str.contains(_COLON).sum().cast(pl.Int32),
        "sft_unavailable_answers": said.str.contains(_UNAVAILABLE).sum().cast(pl.Int32),
        "sft_stray_escapes": escapes.fill_null(0).sum().cast(pl.Int32),
        "sft_answer_marks": said.str.count_matches(_LEFT_MARKS).sum().cast(pl.Int32),
        "sft_redaction_marks": (said.str.count_matches(_REDACTED) + before.str.count_matches(_REDACTED))
        .sum()
        .cast(pl.Int32),
        "sft_first_person": plain.str.count_matches(_FIRST_PERSON).sum().cast(pl.Int32),
        "sft_elsewhere_phrase": said.str.extract(f"({_ELSEWHERE})", 1).drop_nulls().first(),
        "sft_thinking_form": _thinking(said, thought),
    }


def _thinking(said: pl.Expr, thought: pl.Expr) -> pl.Expr:
    """Of the answers of a dialogue the worst: bad before none before good."""
    inside, marked = thought.str.strip_chars() != "", said.str.contains(_MARK)
    whole = said.str.contains(_TURNS) & ~said.str.contains(_INNER_MARK)
    bad = (inside & (said.str.strip_chars() == "")) | (marked & (inside | ~whole))
    none = ~inside & ~marked
    return pl.when(bad.any()).then(pl.lit("bad")).when(none.any()).then(pl.lit("none")).otherwise(pl.lit("good"))


_SELF = "yizhongw/self-instruct, bootstrap_instructions.py; the Chinese words are ours"
_INSTANCE = "yizhongw/self-instruct, prepare_for_finetuning.py"
_CLEANED = "ours, after gururise/AlpacaDataCleaned"
_LIMA = "ours, after LIMA (Zhou et al. 2023)"
_BOTH = "en, zh"


def _word(name: str, definition: str, source: str) -> Signal:
    return Signal(name, definition, source, dtype=pl.String, range="words", languages=_BOTH)


def _count(name: str, definition: str, source: str, *, languages: str = _BOTH) -> Signal:
    return Signal(name, definition, source, dtype=pl.Int32, range="0..", languages=languages, empty="0")


_SIGNALS = (
    _count("sft_instruction_words", "Words of the instruction: Chinese characters, each alone, and runs of other letters and digits", "yizhongw/self-instruct", languages="any"),
    _word(
        "sft_wants_word",
        "Word of the instruction that asks for what a text can't be: image, graph, picture, file, map, draw, plot, go to; 图片, 地图, 绘制 ...",
        _SELF,
    ),
    _word("sft_starts_with", "What the instruction starts with that it should not: `write a program` or `punctuation`", _SELF),
    _count("sft_starts_outside_ascii", "1 where the instruction's first character is not ASCII", _SELF, languages="en"),
    _count("sft_prompt_ends_with_colon", "1 where the instruction ends with a colon", "yizhongw/self-instruct; magpie-align/magpie"),
    _word("sft_lacks_code_phrase", "Words of the instruction that speak of code which is not there", _CLEANED),
    _count("sft_merged_marks", "Marks of a request (Instruction:, Task 2:, 指令：...) at starts of lines of the instruction: two or more are several requests in one", _CLEANED),
    _count("sft_greetings_only", "1 where users say nothing but greetings and trials (hello, test, 你好, 在吗)", "ours, after FastChat's Arena release"),
    _count("sft_answer_ends_with_colon", "Answers that end with a colon", _INSTANCE, languages="any"),
    _count("sft_unavailable_answers", "Answers that are N/A, none, no output, 无 and the like; 0 for tasks with answers of one word (classification, choice, extraction)", _CLEANED),
    _count("sft_stray_escapes", "Escapes and entities written out in answers (backslash n, &quot;, <br>) outside of code and of tasks about it", _CLEANED, languages="any"),
    _count("sft_answer_marks", "Marks of a prompt's parts (### Response:, ### 输出：...) at starts of lines of the answers", _CLEANED),
    _count("sft_redaction_marks", "Marks of what was made anonymous (<anonymized>, <redacted>, NAME_1) in answers and what is said before them", "lm-sys/FastChat, dataset_release_scripts", languages="any"),
    _count("sft_first_person", "Words in which answers speak of their writer: I, my, 我 ...", _LIMA),
    _word("sft_elsewhere_phrase", "Words of an answer that refer to what is not in the dialogue (as mentioned, other answers, 如上所述, 楼上)", _LIMA),
    Signal(
        "sft_thinking_form",
        "How answers hold their thoughts, of a dialogue the worst: `bad` (an open, doubled or empty part, or thoughts without an answer), `none`, `good` "
        "(a reasoning part and an answer, or <think>...</think> and an answer, with or without <answer>)",
        "allenai/open-instruct, filter_cots.py",
        dtype=pl.String,
        range="bad, none, good",
    ),
)  # fmt: skip
_COUNTS = tuple(signal.name for signal in _SIGNALS if signal.dtype == pl.Int32)

register(
    Family(
        name="sft_requests",
        version="2",
        signals=_SIGNALS,
        compute=compute,
        reads=("messages", "task_type"),
        of="dialogues",
    )
)
