"""Answers by sentences, and the rules over them: which answers say what of their writer, in which words.

Code, quotations and quoted lines are no sentences of an answer's own; nor are lines with a name before them where there are several. What the prompt asked to be
written (a letter, a scene, a translation) is another's voice: there only some rules count.

Not here: the rules (sft_refusal_en.py, sft_identity_en.py, sft_voice_zh.py), the signals (sft_phrases.py).
"""

# ruff: noqa: E501  (a pattern is read whole)

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from corpus_platform.clean.script import to_simplified
from corpus_platform.signals import sft_identity_en, sft_refusal_en, sft_voice_zh
from corpus_platform.signals import sft_patterns as patterns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corpus_platform.signals.sft_rule import Rule

RULES: dict[str, tuple[tuple[Rule, ...], tuple[Rule, ...]]] = {
    "refusal": (sft_refusal_en.REFUSAL, sft_voice_zh.REFUSAL),
    "identity": (sft_identity_en.IDENTITY, sft_voice_zh.IDENTITY),
    "cutoff": (sft_identity_en.CUTOFF, sft_voice_zh.CUTOFF),
}
"""Rules by class: English, Chinese."""
_AROUND = " \n.:!?。！？；，,：、-~～"
_END = r"([.!?…]+[\"”')*]*)\s+|([。！？；]+[”’」）]*|[!?]+)"
_FIRST = 2
"""Sentences in which an answer begins."""
_FEW_SPEAK = 2
"""From so many lines with a name before them on, an answer is a scene, and what its figures say is not its own."""
_EN = r"(?i)\b(?:i|i'?m|im|i'(?:ve|d|ll)|my|me|mine|this (?:is|conversation|chat|bot|assistant|service)|you(?:'re| are)|guidelines|polic(?:y|ies)|made by)\b"
_ZH = r"我|本人|俺|本助手|本模型|小助手|抱歉|对不起|不好意思|遗憾|恕|作为|身为|截[至止]|知识|大家好|话题|這裡是|这里是|作為|身為|對不起|遺憾|對您|抱歉"
_NEEDS = {
    "refusal": r"(?i)n'?t\b|\bnot\b|\bno\b|\bcan ?not|unable|decline|refus|refrain|against|violat|beyond|outside|lack|sorry|afraid|apolog|unfortun|regret|\bas an?\b|being an?|incapable|my (?:\w+ )?(?:guidelines|programming|polic|principles|rules|values|design|purpose)|never|rather|prefer|for me to|pass on|just|only|merely|simply|allow|comfortable|topic",
    "identity": r"(?i)open ?ai|gpt|bing|laion|assistant|anthropic|deep ?seek|deepmind|qwen|alibaba|mistral|stability|hugging ?face|baidu|zhipu|moonshot|cohere|eleuther|lmsys|google|meta\b|microsoft|apple|amazon|ibm|nvidia|xai|claude|bard|gemini|glm|kimi|vicuna|alpaca|llama|A\.?I\b|artificial|language model|LLM|\bbot\b|chat ?-?bot|robot|software|learning model|program|algorithm|neural|computer|ernie|spark|moss|baichuan|iflytek|doubao|hunyuan|grok|copilot|model|designed|developed|trained|built|created|made|machine|siri|alexa|fudan|tsinghua",
    "cutoff": r"(?i)cut|updat|train|knowledge|\bdata|information|sources|corpus|aware|available|know|refresh|learn|up[- ]to[- ]date|have|memory|\bsee\b|recent|current",
}
"""What every English rule of a class needs: a quick first look."""
_SPEAKER = r"^[A-Z][\w.']*(?: [A-Z][\w.']*)?(?: \([^)\n]*\))?: "
_OWN_TAG = r"(?i)^(?:(?:ai|chat ?\w*|virtual|digital)? ?(?:assistant|ai|bot|chatbot|answer|response|output|reply|note|gpt\S*|chatgpt|claude|disclaimer|sorry|warning|important|update|model|system|a|ps|p\.s\.|caveat|edit|final answer)): "
_SPEAKER_ZH = r"^[\p{Han}A-Za-z·]{1,8}(?:（[^）\n]*）)?[：:]"
_OWN_TAG_ZH = r"^(?:(?:AI|智能|虚拟|人工智能|聊天)?(?:助手|机器人|助理|模型|AI|回答|回复|答案|答|注|注意|提示|说明|备注|温馨提示|补充|输出|结论|声明|免责声明|系统|友情提示|抱歉|对不起|总结|我的\p{Han}{1,6}|ChatGPT|Claude))[：:]"


_TEXTS = (
    r"(?i)\b(?:write|compose|draft|create|make up|continue|finish|give me|generate|tell|produce|prepare|reply|respond|craft|sing|invent|show me|provide)\b[^.!?\n]{0,60}?\b(?:letter|e-?mail|story|scene|dialog(?:ue)?|monologue|poem|song|lyrics|verse|"
    r"diary|journal|script|speech|message|reply|response|answer|apology|review|play|tale|haiku|conversation|statement|notice|complaint|resignation|tweet|line|lines|quote|note|bio|biography|introduction|refusal|excuse|rap|blog|chapter|limerick|sonnet|sketch|joke|example|examples|sentence|sentences|phrase|transcript|text|interview|post|novel)\b"
    r"|\b(?:write|show|tell me|imagine|make up) (?:what|how) (?:an?|the|my)\b|\bwhat (?:would|does|might|could|can|should) (?:an?|the|my|i) (?:\w+ )?(?:say|answer|reply|respond)\b|\b(?:reply|respond|answer) to (?:a|the|my|this|an)\b|\b(?:from the )?(?:view|perspective|point of view|voice) of\b|\b(?:pretend|role-?play|act as|imagine (?:that )?you|as if you were|you are an?|describe yourself as|in the style of|how (?:do|can|should|would) (?:i|we|you|one) (?:\w+ )?(?:tell|say|refuse|decline|reply|respond|apologi[sz]e|turn down))\b|\b(?:write|draft|compose) (?:me |us )?(?:an? |the )?(?:\w+ ){0,3}(?:from|of|to|by|for|about|in which)\b"
    r"|(?:写|续写|编|创作|拟|起草|来|作|生成|给我|帮我|设计|模拟|讲|举)[^。！？\n]{0,24}(?:信|邮件|故事|小说|诗|歌|词|对话|独白|日记|剧本|短信|台词|开头|演讲|稿|检讨|道歉|假条|话术|自我介绍|评论|文案|通知|造句|句子|回复|的话|一段话|作文|片段|声明|感言|祝福|例子|借口|理由|对白|笑话|提示语|相声|小品|总结|书|证明|消息|留言|聊天|采访|旁白|便条|台本)"
    r"|造句|扮演|假装|演一|演个|假设你是|以[^，。\n]{1,12}的(?:身份|口吻|语气|视角)|(?:怎么|怎样|如何|该怎么)(?:回|拒绝|婉拒|道歉|表达|说|委婉|推辞|跟|向|告诉)"
)
"""Prompts for a text in which somebody speaks."""
_FOR_THE_ASKER = (
    r"(?i)\b(?:help|assist|provid|fulfil|compl(?:y|ete)|generat|writ|creat|produc|continu|support|promot|condon|engag|compos|craft|draft|participat|mak(?:e|ing) (?:that|this|such|up|a|jokes)|shar|declin|comfortable|play (?:that|this|the) (?:part|role)|pass on|give (?:instructions|details|advice|directions)|process|access|open|read|"
    r"reproduc|translat|role|impersonat|pretend|imitat|A\.?I\b|language model|program|software|bot\b|appropriate|joke|request|tell (?:that|this|such|offensive|jokes))"
    r"|提供|满足|写|生成|创作|协助|帮|参与|支持|回答|讨论|完成|执行|处理|访问|扮演|模仿|编|画|给出|涉及|请求|要求|内容|AI|人工智能|模型|程序|机器人|讲|播放|功能|能力|权限"
)
"""Words of one who can't do what is asked; a figure of a text can't do other things."""
_LETTER = r"(?i)^\W*(?:dear|subject|to whom|hi [a-z]+,|hello [a-z]+,|(?:\w+ ){1,3}\w+:)|^\s*(?:尊敬的|亲爱的|敬爱的|主题|.{1,8}[：:])"
"""The beginning of such a text."""


def in_answers(name: str, answers: pl.DataFrame, each: pl.DataFrame) -> pl.DataFrame:
    """The answers that rules of a class find something in, with the first words (`phrase`): those that count for what was asked."""
    hits = of_class(name, each).join(answers, on="answer")
    asked = pl.col("asked")
    given = asked.str.contains(patterns.HANDS_ON) & asked.str.contains(patterns.SUCH_WORDS)
    text = asked.str.contains(_TEXTS) | asked.str.contains(patterns.HANDS_ON)
    begins = (pl.col("place") < _FIRST) & ~pl.col("said").str.contains(_LETTER)
    begins &= pl.col("sentence").str.contains(_FOR_THE_ASKER)
    counts = ~given & (~text | (pl.col("rank") == 2) | ((pl.col("rank") == 1) & begins))
    return hits.filter(counts).sort("answer", "place").unique("answer", keep="first", maintain_order=True)


def sentences(answers: pl.DataFrame) -> pl.DataFrame:
    """The sentences that answers say themselves: `answer`, `place` (from 0), `said`; only those in the first person, or the like."""
    bare = pl.col("said").str.replace_all("[’‘＇]", "'").str.replace_all(patterns.CODE_AND_QUOTES, " ")
    cut = bare.str.replace_all(r"[*_#]+", "").str.replace_all(_END, "$1$2\n").str.split("\n")
    likely = answers.filter(_has(_EN) | _has(_ZH))
    each = likely.select("answer", cut.alias("said")).explode("said").with_columns(pl.col("said").str.strip_chars())
    each = each.filter(pl.col("said") != "")
    speaks = pl.col("said").str.contains(f"(?:{_SPEAKER})|{_SPEAKER_ZH}") & ~pl.col("said").str.contains(
        f"(?:{_OWN_TAG})|{_OWN_TAG_ZH}"
    )
    each = each.with_columns(place=pl.int_range(pl.len()).over("answer"), speaks=speaks)
    return each.filter(~pl.col("speaks") | (pl.col("speaks").sum().over("answer") < _FEW_SPEAK)).drop("speaks")


def of_class(name: str, each: pl.DataFrame) -> pl.DataFrame:
    """What the rules of a class find in sentences: `answer`, `phrase`, `rank` (how sure), `place`; a line for each sentence that is found."""
    english, chinese = RULES[name]
    han = pl.col("said").str.contains(r"\p{Han}")
    apart = each.with_columns(han=han)
    zh = apart.filter(pl.col("han") & _has(_ZH))
    en = apart.filter(_has(_EN) & _has(_NEEDS[name]))
    zh = zh.with_columns(to_simplified(zh["said"])[0].str.replace_all("我们", "咱们", literal=True).alias("said"))
    return pl.concat([_found(zh, chinese), _found(en, english)])


def _has(pattern: str) -> pl.Expr:
    return pl.col("said").str.contains(_quick(pattern))


def _quick(pattern: str) -> str:
    """The pattern with bounds of ASCII words, which are some times faster beside other letters, and right for English words within Chinese."""
    return pattern.replace(r"\b", r"(?-u:\b)")


def _found(each: pl.DataFrame, rules: Sequence[Rule]) -> pl.DataFrame:
    found = []
    for rule in rules:
        some = each.filter(pl.col("place") < _FIRST) if rule.first else each
        phrase = pl.col("said").str.extract(_quick(f"(?i)({rule.says})"), 1).str.strip_chars(_AROUND)
        some = some.with_columns(phrase=phrase).filter(pl.col("phrase").is_not_null())
        for words in rule.also:
            some = some.filter(_has(f"(?i){words}"))
        if rule.unless:
            some = some.filter(~_has(f"(?i){rule.unless}"))
        rank = 2 if rule.firm else 1 if rule.narrow else 0
        found.append(
            some.select(
                "answer",
                "place",
                "phrase",
                pl.col("said").alias("sentence"),
                rank=pl.lit(rank, pl.Int32),
            )
        )
    return pl.concat(found).unique(["answer", "place", "rank"], keep="first", maintain_order=True)
