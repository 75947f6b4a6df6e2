r"""Patterns of Rust's regex engine over prompts and answers: words of vendors, lack of input, what is not there, turns of phrase; English beside Chinese.

Sources: the phrase lists of allenai/open-instruct (scripts/data/sft/utils.py), gururise/AlpacaDataCleaned's classes, HC3; the Chinese half and all exceptions
are ours.

Not here: refusals, identities and cut-offs (sft_refusal_en.py, sft_identity_en.py, sft_voice_zh.py), how patterns are run (sft_phrases.py), what is dropped
(recipes/steps/sft_rules.py).
"""

# ruff: noqa: E501, ISC004  (a pattern is read whole)

from __future__ import annotations

ROUGHLY = {
    "lacks_input": r"(?i)\b(?:please|kindly|you (?:need|have|did|didn['’]t|haven['’]t)|no|without|there (?:is|was|are)|not enough|insufficient)\b",
    "vendor": r"(?i)open ?ai|gpt|bing|laion|open ?assistant",
}
"""What every English pattern of a class needs: a quick first look."""

VENDOR_WORDS = r"(?i)\b(?:open ?ai|chat ?gpt|gpt[- ]?(?:3(?:\.5)?|4)|bing ?chat|laion|open ?assistant)\b"
"""Words of vendors that are that and nothing else (open-instruct's); Bard, Gemini, Claude, Llama and the like have other meanings."""

LACKS_INPUT = (
    r"\b(?:please|kindly|you (?:need|have) to)\b[^.!?\n]*?\b(?:provide|share|give|paste|enter|specify|include|send|supply|attach)\b[^.!?\n]*?"
    r"\b(?:the|your|an?|some|more|me with|me the) ?(?:\w+ ){0,3}?(?:input|text|sentence|paragraph|article|passage|data|list|code|details|information|context|"
    r"email|document|image|link|question|prompt|content|example|story|numbers|file)\b",
    r"\b(?:no|there is no|there was no|there are no|without (?:an?|the|any)) (?:input|text|passage|article|sentence|content|context|data|code)\b[^.!?\n]*?"
    r"\b(?:was |were |is |are |has been )?(?:provided|given|supplied|attached|included|specified|found)\b",
    r"\b(?:you (?:did not|didn['’]t|have not|haven['’]t) (?:provided?|included?|given|give|specif(?:y|ied)|attach(?:ed)?|shared?))\b",
    r"\b(?:not enough|insufficient) (?:information|context|data) (?:is |was |to |has been )?(?:provided|given|answer|complete|determine)\b",
)
LACKS_INPUT_ZH = (
    r"(?:请(?:您|你)?(?:先)?(?:提供|给出|输入|告诉我|粘贴|补充|上传|发送)|需要(?:您|你)(?:先)?(?:提供|给出)|(?:您|你)(?:还)?需要(?:先)?(?:提供|给出))(?:[^。，,！？!?\n]{0,12}?)(?:文本|文章|句子|段落|内容|信息|输入|原文|数据|代码|列表|"
    r"上下文|材料|图片|细节|描述|题目|文件|文档|链接)",
    r"(?:您|你|题目|问题|输入)(?:中)?(?:并)?(?:没有|未|没)(?:有)?(?:提供|给出|给我|输入|说明|附上|上传)",
    r"(?:缺少|缺乏|没有(?:足够的)?)(?:输入|上下文|必要的?信息|相关信息|具体信息|足够的?信息)",
    r"(?:没有|未)(?:提供|给出|输入)(?:任何)?(?:文本|文章|句子|段落|内容|信息|输入|原文|数据|代码|列表|上下文|材料|图片|题目)",
)
NEEDS_URL = (
    r"https?://\S+|\bwww\.\S+|\b(?:visit|browse|open|go to|check|look at|read|summari[sz]e)\b[^.!?\n]*?\b(?:this|the|that|following|given)\b"
    r"(?: \w+)? (?:website|web ?site|web ?page|url|link|site)\b|(?:打开|访问|浏览|查看|阅读|总结)(?:一下)?(?:以下|下面|下列|这[个篇]|[该此]|给定|所给|提供)[^。！？!?\n]{0,6}(?:网址|链接|网页|网站)"
)
ABOUT_URLS = (
    r"(?i)\b(?:code|script|html|css|curl|api|https? (?:get|post|request)|(?:get|post) request|python|java|javascript|php|program|function|snippet|"
    r"encode|decode|domain|scrap\w+|crawl\w*|parse|regex|regular expression|fetch|citation|url)\b|代码|脚本|程序|接口|域名|爬虫|正则"
)
"""Tasks that are about addresses and need no page: programs, citations."""
MUCH_TEXT = 1000
"""Characters of a prompt that gives the page's text beside its address."""
_ONE_PICTURE = r"(?:image|picture|photo|photograph|painting|drawing|artwork|screenshot)"
_PICTURE = rf"{_ONE_PICTURE}s?"
NEEDS_IMAGES = (
    rf"\b(?:this|these|following|given|provided|attached|above|uploaded) (?:\w+ )?{_PICTURE}\b|\b(?:in|from|of) the (?:{_ONE_PICTURE}|diagram|figure)\b"
    rf"|\b(?:{_PICTURE}|diagram|figure|graph|chart|map) (?:below|above|attached|is shown|shown)\b"
    rf"|(?:^|[.!?]\s)(?:please )?(?:draw|sketch|paint)\b|\b(?:caption|generate) (?:an?|the|this) {_PICTURE}"
    r"|(?:描述|识别|分析|形容|解释|看|根据|欣赏)[^。，,！？!?\n]{0,4}(?:以下|下面|下列|这[幅张个些一]|[该此上]|给定|所给|提供|附带)[^。，,！？!?\n]{0,4}(?:图片|照片|图像|图表|漫画|画)|如图"
    r"|(?:^|[^以])下图(?:$|[^案书形标])|附图|附画"
)
SAYS_WHICH = r"(?i)\b(?:painting|drawing|artwork|picture|photo|image)s?(?: name| title)?\s*[:：]\s*\S|\bby [A-Z]\w+|《"
"""Prompts that say by name or in words which picture they are about."""
NEEDS_FILES = (
    r"\b(?:attached|uploaded|enclosed) (?:\w+ )?(?:file|document|spreadsheet|pdf|report|dataset|csv|attachment)s?\b|\b(?:in|from|open|see|read) the attachment\b"
    r"|(?:查看|打开|阅读|根据|分析)(?:这个|该|我的)?附件|附件(?:中|里)的|(?:我|已)上传的(?:文件|文档|表格)|(?:文件|文档|表格)已上传"
)
TELL_TALE = (
    r"\bit(?: is|['’]s) (?:important|worth|essential|crucial) (?:to (?:note|remember|keep in mind|understand|consult)|noting)|\bin (?:conclusion|summary)\b,?|"
    r"\b(?:there are (?:several|many|a few) (?:ways|reasons|factors|things))|\bhope (?:this|that) helps\b|\blet me know if you\b|\bif you have any (?:other |more |further )?questions\b|"
    r"\bfeel free to\b|\bdelve\b|\bi(?: would|['’]d) recommend (?:consulting|speaking)|\bconsult (?:with )?(?:a|your) (?:\w+ )?(?:professional|doctor|lawyer|provider)\b|"
    r"\boverall,|\badditionally,|\bfurthermore,|\bmoreover,"
)
TELL_TALE_ZH = (
    r"(?:需要|请)注意的是|值得(?:注意|一提)的是|总(?:之|的来说|而言之)[，,]|综上所述|希望(?:这|以上|我的)?[^。，,\n]{0,8}(?:帮助|帮到)|如果(?:您|你)(?:还)?有(?:任何|其他|更多)?[^。，,\n]{0,6}(?:问题|疑问)|"
    r"请(?:随时|尽管)(?:告诉|联系|提问|向我)|建议(?:您|你)(?:咨询|寻求|及时就医|尽快就医|到正规医院)|此外[，,]|首先[，,]|其次[，,]|具体来说[，,]|以下是(?:一些|几个|几种)"
)
HANDS_ON = (
    r"(?i)\b(?:translat|rewrit|re-?phrase|paraphras|rewrite|grammar|fix\b|proof-?read|correct|edit|classif|categor|summari[sz]|label|sentiment|politely|convert|complete the sentence)"
    r"|翻译|译成|译为|改写|改成|语法|病句|润色|校对|分类|类别|判断|概括|总结|续写|礼貌|纠正|改错|修改|检查"
)
"""Tasks over a text that is given: an answer that refuses in one of them may be that text, or its translation."""
SUCH_WORDS = r"(?i)\b(?:sorry|can['’]?t|cannot|unable|won['’]?t|refus\w*|not able|apolog\w*|as of|cut-?off|AI|language model|chat ?bot|chatgpt)\b|désolé|je ne |lo siento|no puedo|\bnicht\b|leider|すみません|申し訳|ごめん|できません|죄송|抱歉|对不起|不能|无法|拒绝|不帮|截至|截止|模型|人工智能|机器人"
CODE_AND_QUOTES = r"(?s)```.*?(?:```|\z)|(?-s)`[^`\n]+`|(?m-s:^\s*>.*$)|\"[^\"\n]{1,400}\"|“[^”\n]{1,400}”|「[^」\n]{1,400}」|『[^』\n]{1,400}』|《[^》\n]{1,60}》"
"""What an answer shows and does not say itself: blocks and pieces of code, quoted lines, quotations."""
