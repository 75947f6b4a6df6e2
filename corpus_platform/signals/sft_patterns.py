r"""What answers say that no model should learn, as patterns of Rust's regex engine: English beside Chinese.

A pattern is for what is left of an answer without code, quotations and quoted lines (`bare`), so that a letter, a scene or a comment that holds such
words is not taken for it. Patterns look at one sentence: `_IN` stays within it. `_FROM` is its beginning, so that what a figure says behind its
name in a scene does not count.

Sources: the phrase lists of allenai/open-instruct (filter_dataset_by_keywords.py, filter_cutoff_date.py, scripts/data/sft/utils.py), BELLE's rules on its
first million, gururise/AlpacaDataCleaned's classes; the Chinese half and all exceptions are ours.

Not here: how they are run (sft_phrases.py), what is dropped (recipes/steps/sft_rules.py).
"""

# ruff: noqa: E501, ISC004  (a pattern is read whole)

from __future__ import annotations

_IN = r"[^.!?\n]*?"
_FROM = r"(?:^|[.!?]\s+|\n\s*|[.!?]\s*[\"”)]\s*)"
_IN_ZH = r"[^。！？!?\n]*?"
_FROM_ZH = r"(?:^|[。！？!?；\n]\s*)"

_NOT_ABLE = (
    r"(?:can['’]?t|cannot|can not|(?:['’]m| am) (?:currently |still |simply )?(?:unable|not able|not allowed|not programmed|not in a position|not comfortable)"
    r"|won['’]t|will not|wouldn['’]t|would not|must (?:respectfully )?(?:decline|refuse)|have to (?:decline|refuse)|refuse"
    r"|(?:do not|don['’]t|lack) (?:currently |yet |actually )?(?:have )?the (?:ability|capability|capacity|means)|have no (?:way|means))"
)
_SERVE = (
    r"(?:help(?: you| with| in| find| create| write| make| anyone| people| him| her| them| that| this| to)|assist|provide|fulfill?|comply|answer|respond|browse|access|(?:open|view|read|see) (?:\w+ )?(?:\w+ )?(?:link|page|site|website|url|file|image|picture|attachment|document)s?|create|generate|write|produce|condone|support|engage|"
    r"make|predict|give|offer|share|discuss|participate|recommend (?:an?|any|the|that|specific|using|doing|particular)|promote|encourage|facilitate|draw|play|check|search|look up|verify|"
    r"perform|tell|say|continue|do (?:that|this|so)|execute|display|process|fetch|retrieve|send|interact|diagnose|accept|endorse|advise|physically|"
    r"directly|express|feel|experience|use)"
)
_MACHINE = (
    r"(?:(?:large|big|AI|A\.I\.|artificial|digital|virtual|machine|computer|text|conversational)[ -]?(?:powered |based |learning |generated )?)*"
    r"(?:AI|A\.I\.|artificial intelligence|language model|LLM|chat ?bot|assistant|machine learning model|computer program|software program)"
    r"(?: (?:language|chat|text))*(?: (?:model|assistant|chat ?bot|bot|program|system))?"
)
_MADE = r"(?:trained|developed|created|made|built|designed|released|fine-?tuned|programmed|powered|produced|launched|introduced|operated|run|hosted|owned)"
_HUMAN_THINGS = (
    r"(?:personal|feelings?|emotions?|opinions?|preferences?|beliefs?|experiences?|consciousness|memories|senses|a (?:physical )?(?:body|childhood|gender|"
    r"family|life)|physical|thoughts|desires|favou?rites?|human)"
)

REFUSAL = (
    # Disclaimers of a machine.
    rf"\b(?:as|being|since i am|because i am|since i['’]m|because i['’]m) (?:an?|just an?|only an?) {_MACHINE}\b(?:,{_IN}|\s+(?:(?:{_MADE}|without|like){_IN} )?)\b(?:i|i['’]m|i['’]ve|my|me)\b",
    rf"\bi(?:['’]m| am) (?:just|only|merely|simply) an? {_MACHINE}\b",
    rf"\bi(?:['’]m| am) an? {_MACHINE}\b(?:,| and| so){_IN}\b(?:can['’]?t|cannot|do not|don['’]t|unable|not able|not capable)\b",
    rf"\bi (?:don['’]t|do not) (?:actually |really |currently )?(?:have|possess) (?:any |the )?{_HUMAN_THINGS}\b",
    rf"\bi (?:don['’]t|do not|can['’]?t|cannot|won['’]t|lack|have no)\b{_IN}\b(?:because|as|since|for) i(?:['’]m| am) (?:just |only |merely )?an? {_MACHINE}\b",
    # An apology, and that it can't be done.
    rf"{_FROM}(?:(?:i['’]?m |i am )?(?:very |so |truly |really )?(?:sorry|afraid)|i apologi[sz]e|(?:my )?(?:sincere )?apologies|unfortunately|i regret|regrettably)\b{_IN}\bi ?{_NOT_ABLE}\b",
    rf"{_FROM}(?:i['’]?m|i am) (?:very |so |truly )?(?:sorry|afraid){_IN}\b(?:as an? {_MACHINE}|i (?:do not|don['’]t) have (?:access|information|enough))\b",
    # That it can't be done.
    rf"{_FROM}(?:[a-z' ]{{1,80}}, )?(?:but |so |therefore,? |and )?i ?{_NOT_ABLE}(?: be able)?(?: to)?\s+(?:\w+ly )?{_SERVE}\b",
    r"\bi must (?:respectfully )?(?:decline|refuse)\b",
    r"\b(?:i|we) (?:can['’]?t|cannot|(?:am|are) (?:unable|not able) to) (?:complete|finish|perform|execute|carry out) (?:this|the|your|such an?) (?:task|request|instruction)\b",
    # That it can't, and what can be done instead; and the very first words of an answer.
    rf"{_FROM}i ?{_NOT_ABLE}\b{_IN}\b(?:but|however,?) i(?: can|['’]d be| would be|['’]m happy| am happy|['’]ll)\b",
    r"^i(?:['’]m| am) (?:unable|not able) to \w+",
    r"^i can(?:['’]?t|not) (?:see|hear|know|feel|touch|smell|taste|sense|watch|print) (?:your?|what|who|that|this|any|the|anything|images|documents)\b",
    rf"{_FROM}(?:[a-z' ]{{1,30}}, )?(?:but )?i (?:do not|don['’]t) (?:currently |actually )?have (?:\w+[ -]){{0,3}}(?:access to|information (?:about|on)|the (?:ability|capability|capacity))\b",
    r"\b(?:it (?:is|goes|would be)|this (?:is|goes)|that (?:is|goes)) against my (?:programming|guidelines|principles|policy|policies|ethical)",
    r"\bit (?:is|would) (?:not be|be|not) (?:not )?(?:appropriate|ethical|right|inappropriate|unethical|wrong|possible) for me to\b",
    r"\bmy (?:programming|guidelines|design) (?:does|do|will|would)(?: not|n['’]t) (?:allow|permit|let)\b",
)

_VENDOR = (
    r"(?:open ?ai|chat ?gpt|gpt[- ]?(?:3|4)(?:\.5)?[a-z]?|bing ?chat|laion|open ?assistant|anthropic|deep ?seek|qwen|alibaba(?: cloud)?|mistral ai|"
    r"stability ai|hugging ?face|baidu|zhipu(?: ai)?|moonshot ai|cohere|eleutherai|lmsys)"
)
_WEAK_VENDOR = rf"(?:{_VENDOR}|google(?: ai| deepmind)?|deepmind|meta(?: ai)?|microsoft|apple|amazon|ibm|nvidia|xai)"
_NAME = r"(?:chat ?gpt|gpt[- ]?(?:3|4)(?:\.5)?[a-z]?|bing ?chat|open ?assistant|claude|bard|gemini|qwen|deep ?seek[- \w]{0,6}|chatglm|kimi|vicuna|alpaca|llama|bing)[-\w.]{0,6}"

IDENTITY = (
    rf"\b(?:i am|i['’]m|i, |my name is|this is|(?:you can |please |just |people )?call me|refer to me as|i go by)(?: the name)? ?(?:called |known as |named )?{_NAME}(?:\s*[.,!:;]|\s+(?:and|which|from|by|an?|here|the)\b|\s*$)",
    rf"\b(?:i(?: was| am| have been|['’]m|['’]ve been)|my (?:creators?|developers?|training|model|makers?)|as an? {_MACHINE})\b{_IN}\b(?:{_MADE}|based on|product of|at|are|is|was)\b{_IN}\b{_VENDOR}\b",
    rf"\bi(?: was| am| have been|['’]m|['’]ve been)\b(?:{_IN}\b{_MACHINE},?(?: that was| which was)?)? (?:{_MADE})(?: and {_MADE})? (?:by|at) (?:\w+ ){{0,6}}{_WEAK_VENDOR}\b",
    rf"\bi (?:come from|belong to|work for|represent)\b(?: the)? {_WEAK_VENDOR}\b",
    rf"\b(?:i am|i['’]m) (?:based|built|running) on (?:the )?(?:\w+['’]s )?{_VENDOR}\b",
    rf"\b(?:you are|you['’]re) (?:talking|chatting|speaking) (?:to|with) {_NAME}",
    rf"\bthis (?:conversation|chat|chat ?bot|assistant) is (?:powered|run|driven) by {_VENDOR}",
    rf"\b{_VENDOR}['’]s? (?:usage |use |content |use[- ]case )?(?:polic(?:y|ies)|guidelines){_IN}\b(?:me|i|my)\b",
    rf"\b(?:i|my){_IN}\b{_VENDOR}['’]s? (?:usage |use |content |use[- ]case )?(?:polic(?:y|ies)|guidelines)\b",
    rf"\b{_WEAK_VENDOR}\b{_IN}\b{_MADE} me\b",
    rf"\b(?:i am|i['’]m) (?:an?|the|one of the) (?:\w+[ -]){{0,3}}?{_MACHINE} (?:by|from|of) (?:\w+ ){{0,3}}?{_WEAK_VENDOR}\b",
    # What calls itself a machine, without a name.
    rf"\b(?:i am|i['’]m) (?:just |only |actually |not a human,? but |called \w+, )?(?:an?|your|the) (?:\w+[ -]){{0,2}}?{_MACHINE}(?:\s*[,.;:!)]|\s*$|\s+(?:and|or|so|that|who|which|to|{_MADE}|here|without|with|but|not|capable|whose|trying)\b)",
)

_YEAR = r"(?:19|20)\d\d"
_KNOWLEDGE = r"(?:knowledge(?: ?base)?|training(?: data(?:set)?| set)?|data(?: ?base|set)?|information|sources)"

CUTOFF = (
    r"\b(?:my|our) (?:\w+ ){0,3}?cut[- ]?off\b",
    r"\bcut[- ]?off (?:date )?(?:of|for) my\b",
    rf"\b(?:as of|up to|until|according to|at(?: the time of)?|since|by|after|before) my (?:most recent |last |latest |current )?(?:{_KNOWLEDGE} )?(?:update|cut[- ]?off|{_KNOWLEDGE} (?:cut[- ]?off|update))\b",
    r"\bmy (?:last|latest|most recent)(?: \w+)? (?:update|training(?: data| session)?|knowledge|data|information)\b",
    r"\bas of my (?:last|latest|most recent) (?:training(?: data)?|knowledge)\b",
    rf"\bmy {_KNOWLEDGE}\b,?(?: \w+){{0,3}}? (?:extends?|goes|go|ends?|stops?|stopped|(?:is |was |are |were )?(?:only )?(?:current|limited|updated|last updated|up[- ]to[- ]date)|reaches|covers?|runs?|dates?)\b{_IN}{_YEAR}",
    r"\bi was last (?:trained|updated)\b",
    rf"\bi was (?:last |only |most recently )?(?:trained|updated) (?:in|on data (?:up )?(?:to|until)|until|up to){_IN}{_YEAR}",
    rf"\bi (?:only )?(?:have|possess) (?:no |limited )?(?:knowledge|information|data|awareness)\b{_IN}\b(?:until|up to|after|beyond|since|as of|before|prior to)\b{_IN}{_YEAR}",
    rf"\bmy knowledge as of\b{_IN}{_YEAR}",
    r"\bwhen my (?:training data|knowledge|data) (?:was|were)\b",
    r"\bmy training(?: data(?:set)?)? (?:ends|ended|stops|stopped|finished|was (?:completed|finished|last updated))\b",
    rf"\bthe training (?:data )?(?:ends|ended|stops|stopped)\b{_IN}{_YEAR}",
    rf"\bi(?:['’]m| am) (?:not aware|unaware) of (?:any )?(?:\w+ )?(?:events|developments|changes|news)\b{_IN}\b(?:after|beyond|since)\b",
    rf"\bi (?:do not|don['’]t|can(?:no|['’])t) (?:have (?:any )?(?:information|knowledge)|know)\b{_IN}\b(?:after|beyond|past|since)\b{_IN}\bmy\b{_IN}\b(?:training|cut[- ]?off|update)\b",
    rf"\bi(?:['’]ve| have| was|['’]m| am)(?: been)? (?:only )?trained\b{_IN}\b(?:up to|until|through|as of|before)\b{_IN}{_YEAR}",
)

_MACHINE_ZH = (
    r"(?:(?:大型|大规模|大|AI|人工智能|虚拟|智能|机器|自然|计算机|聊天|对话|文本|预训练|生成式|深度学习)\s*)*"
    r"(?:AI|人工智能|语言模型|聊天机器人|虚拟助手|智能助手|机器人|语言处理模型|大模型|计算机程序|对话系统)(?:\s*(?:语言|对话|聊天))?\s*(?:模型|助手|程序|系统|机器人|助理)?"
)
_ONE_ZH = r"(?:一个|一名|一款|一位|一种|一台|个|名|款)?"
_NOT_ABLE_ZH = (
    r"(?:无法|不能|没有办法|没办法|不便|不会|不可以|无权|难以|拒绝|不应该|不支持|没有权限|没有能力|并不能|无能力)"
)
_SERVE_ZH = (
    r"(?:为您|为你|给您|给你|向您|直接|再|够|帮助|帮|替|协助|提供|回答|访问|浏览|获取|获得|查看|打开|识别|预测|满足|支持|讲|写|撰写|编写|生成|创作|画|绘|"
    r"播放|给出|执行|完成|进行|参与|说|透露|分享|接受|同意|鼓励|推荐|评价|讨论|知道|看到|听|感受|体验|处理|打电话|联网|搜索|查询|确认|判断|继续|做出|发送|购买|订购|预订|下载|运行|上网|连接|泄露|制作|编造|模仿|保证|了解您|触摸|品尝|看见|听见|下单|付款|转账|登录|操作|控制)"
)
_NO_ZH = r"(?:个人|真实|情感|感情|情绪|感受|意识(?:[，,。！、和或]|$)|身体|性别|实体|喜好|偏好|主观|自己的|自我|生命|经历|记忆|观点|立场|嗅觉|味觉|肉体|视觉|听觉|思想)"

_SORRY_ZH = r"(?:我)?(?:很|非常|十分|实在|真的|感到)*(?:抱歉|对不起|不好意思|遗憾)[，,。！!\s]*"

REFUSAL_ZH = (
    rf"作为{_ONE_ZH}\s*(?:由[^，。\n]{{1,12}})?{_MACHINE_ZH}\s*[，,、]?\s*(?:我|没有|无法|不能)",
    rf"我(?:作为|身为){_ONE_ZH}\s*{_MACHINE_ZH}",
    rf"我(?:只|仅仅|仅|不过)是{_ONE_ZH}\s*(?:{_MACHINE_ZH}|程序|模型)",
    rf"因为我(?:只)?是{_ONE_ZH}\s*{_MACHINE_ZH}",
    rf"我是{_ONE_ZH}\s*{_MACHINE_ZH}\s*[，,]{_IN_ZH}(?:无法|不能|没有|不会|不具备)",
    rf"(?:^|[，,。！？!?；\n]\s*)(?:但是?|而且|所以|因为|因此)?我(?:并|也|还)?(?:没有|不具备|不具有|没)(?:任何)?{_NO_ZH}",
    rf"{_FROM_ZH}{_SORRY_ZH}(?:但是?|可是|不过)?(?:作为[^。，,\n们]{{1,16}}[，,])?(?:由于[^。\n们]{{1,30}}[，,])?(?:[这那该此您你][^。，,！？!?\n们：:]{{0,10}})?我(?:暂时|目前|现在|还|并|恐怕|也)*{_NOT_ABLE_ZH}",
    rf"{_FROM_ZH}{_SORRY_ZH}[^。，,！？!?\n们：:]{{0,16}}我(?:暂时|目前|现在|还|并|恐怕|也)*{_NOT_ABLE_ZH}{_SERVE_ZH}",
    r"(?:^|[，,。！？!?；\n]\s*)我(?:暂时|目前|现在|还|并|恐怕)*(?:无法|不能|没有办法|没办法)[^。，,！？!?\n]{1,12}[，,]\s*(?:但是?|不过|只能|仅能)(?:我)?(?:可以|能|会|愿意|很乐意|乐意)",
    r"(?:^|[，,。！？!?；\n]\s*)我(?:看|听|摸|闻|尝)不(?:到|见|了)(?:您|你|味|气|声|图|任何)",
    rf"{_FROM_ZH}{_SORRY_ZH}(?:但是?|可是|不过)?(?:作为[^。，,\n们]{{1,16}}[，,])?(?:暂时|目前|现在|还|并|恐怕|也)*{_NOT_ABLE_ZH}{_SERVE_ZH}",
    rf"{_FROM_ZH}{_SORRY_ZH}(?:但是?|可是|不过)?我(?:目前|暂时|并|还)?没有[^。，,！？!?\n们：:]{{0,14}}(?:功能|能力|权限|信息|资料|办法)",
    rf"(?:^|[，,。！？!?；\n]\s*)(?:但是?|而且|所以|因为|因此|不过|目前|作为AI[，,])*我(?:暂时|目前|现在|还|并|恐怕|是)?{_NOT_ABLE_ZH}{_SERVE_ZH}",
    r"我们?(?:无法|不能)(?:完成|执行|进行)(?:此|该|这个|这项|您的|你的)(?:任务|请求|指令|要求)",
    r"(?:违反|违背|不符合)(?:了)?我的(?:原则|程序|设定|准则|政策|编程)",
)

_VENDOR_ZH = (
    r"(?:OpenAI|Open AI|ChatGPT|GPT[- ]?(?:3|4)(?:\.5)?|百度|阿里云|阿里巴巴|达摩院|腾讯|字节跳动|智谱(?:AI|清言)?|清华大学|深度求索|DeepSeek|月之暗面|"
    r"复旦大学|科大讯飞|讯飞|华为|百川智能|零一万物|商汤|微软|谷歌|Google|Meta|Anthropic|商量|昆仑万维|上海人工智能实验室|LAION)"
)
_NAME_ZH = (
    r"(?:ChatGPT|GPT[- ]?(?:3|4)(?:\.5)?|文心一言|通义千问|讯飞星火|智谱清言|豆包|Kimi|Claude|Bard|Gemini|ChatGLM[-\w]*|MOSS|Qwen|DeepSeek|BELLE|盘古|混元|"
    r"百川|悟道|小爱同学|天猫精灵|必应聊天|千问)"
)
_MADE_ZH = r"(?:开发|训练|研发|创建|创造|推出|设计|发布|打造|制造|制作|构建|提供)"

IDENTITY_ZH = (
    rf"我(?:就)?(?:是|叫做?|的(?:中文|英文)?名(?:字)?(?:是|叫)|名叫|使用的是|用的是)\s*(?:OpenAI的)?{_NAME_ZH}",
    rf"(?:叫我|称我为|称呼我(?:为)?)\s*{_NAME_ZH}",
    rf"我(?:就)?(?:是|于|来自|由|使用|的){_IN_ZH}{_VENDOR_ZH}{_IN_ZH}(?:{_MADE_ZH}|的?模型|公司|的工程师)",
    rf"我(?:来自|属于){_VENDOR_ZH}",
    rf"我(?:基于|使用的是|用的是){_IN_ZH}(?:GPT[- ]?(?:3|4)|OpenAI|{_NAME_ZH})",
    rf"我的(?:创造者|开发者|研发团队|训练者|主人)(?:是|来自){_IN_ZH}{_VENDOR_ZH}",
    rf"作为{_ONE_ZH}\s*(?:由)?{_VENDOR_ZH}{_IN_ZH}(?:模型|助手|机器人|AI|人工智能)[，,]?\s*我",
    rf"{_VENDOR_ZH}的(?:使用|内容)?(?:政策|规定|准则){_IN_ZH}我",
    rf"(?:{_MADE_ZH})(?:了)?我的[^。，,！？!?\n]{{0,8}}{_VENDOR_ZH}|{_VENDOR_ZH}[^。，,！？!?\n]{{0,8}}{_MADE_ZH}(?:了|出了)?我(?:[^\p{{Han}}]|$|的)",
    # What calls itself a machine, without a name.
    rf"我(?:就|只|仅仅|仅)?是{_ONE_ZH}(?:您的|你的)?(?:基于[^。，,！？!?\n]{{1,12}}的|[^。，,！？!?\n我你他她]{{1,4}}[类型式](?:的)?|(?:被)?设计来[^。，,！？!?\n]{{1,14}}的|专业的|没有感情的)?\s*{_MACHINE_ZH}(?:[^\p{{Han}}]|$|之|来|，|并|而|可以|能|没有|不|看|闻)",
    r"我(?:就)?是(?:您的|你的)?(?:AI|人工智能|智能|虚拟|专属)+(?:助手|机器人|助理)\p{Han}{1,3}[，,。！]",
)

_KNOWLEDGE_ZH = r"(?:知识库?|训练数据|训练|数据库?|信息|资料|语料)"
_YEAR_ZH = r"(?:19|20)\d\d\s*年"

CUTOFF_ZH = (
    rf"我(?:的|所)?{_KNOWLEDGE_ZH}[^。，,！？!?\n]{{0,6}}(?:截止|截至|为止)",
    rf"我的?{_KNOWLEDGE_ZH}[^。，,！？!?\n]{{0,10}}(?:更新|只到|停留|包含|涵盖|覆盖|仅到){_IN_ZH}{_YEAR_ZH}",
    r"截(?:至|止)(?:到)?(?:目前)?\s*我[^。，,！？!?\n]{0,12}(?:更新|知识|训练|数据|信息)",
    r"我(?:的)?(?:最后|上次|最近|最新)(?:的)?(?:一次)?(?:知识|训练|数据)?(?:的)?(?:更新|训练数据)",
    rf"我(?:的)?{_KNOWLEDGE_ZH}(?:中|里)?(?:没有|不包含|不包括|不含){_IN_ZH}{_YEAR_ZH}",
    rf"(?:在|到|根据)我(?:的|最后|{_YEAR_ZH}的|\d)[^。！？!?\n]{{0,8}}(?:知识截止|知识范围|训练数据|知识更新|更新的时候|截止点){_IN_ZH}(?:{_YEAR_ZH}|更新|，|,|截)",
    rf"我(?:无法|不能|没有){_IN_ZH}{_YEAR_ZH}(?:\d+月)?(?:训练|知识|数据)?(?:截止)?之后",
    rf"我(?:所)?(?:知道|了解|学习|掌握)的{_IN_ZH}截(?:至|止){_IN_ZH}{_YEAR_ZH}",
    rf"根据我(?:的)?(?:截[至止]到?)?{_YEAR_ZH}",
    r"我(?:的)?(?:训练|学习)(?:数据)?(?:就|已|已经)?(?:结束|完成|截止|停止|到此)",
    rf"(?:训练数据|知识)(?:就|只)?到(?:此|{_YEAR_ZH})(?:为止)?",
    rf"我[^。，,！？!?\n]{{0,6}}(?:不了解|不知道|不清楚|不掌握|没有)[^。，,！？!?\n]{{0,8}}{_YEAR_ZH}(?:\d+月)?(?:之后|以后|后)",
    r"我[^。，,！？!?\n]{0,8}(?:知识|训练)截止",
    rf"我(?:的)?{_KNOWLEDGE_ZH}[^。，,！？!?\n]{{0,6}}{_YEAR_ZH}(?:\d+月)?(?:就|已经|已)?(?:结束|截止|为止|停止)",
    rf"我(?:的)?{_KNOWLEDGE_ZH}[^。，,！？!?\n]{{0,4}}(?:最后|最近|上次)[^。，,！？!?\n]{{0,4}}更新",
    r"我训练数据(?:的)?(?:截止|最后)",
    rf"我(?:在)?{_YEAR_ZH}[^。，,！？!?\n]{{0,4}}(?:最后|上次|最近)(?:一次)?更新",
)

SELF = r"(?i)\b(?:i|i['’]m|i['’]ve|we|me|my|our|you|this|polic\w+|guidelines)\b"
"""Words of which every English pattern of what an answer says of its writer has one."""
ROUGHLY = {
    "refusal": r"(?i)\b(?:i|i['’]m|i['’]d|we)\b[^.!?\n]*?\b(?:can['’]?t|cannot|can not|unable|not able|won['’]?t|will not|wouldn['’]?t|would not|decline|refuse|"
    r"ability|capability|capacity|means|don['’]?t|do not|possess|lack|have no|not (?:allowed|programmed|comfortable)|an? (?:\w+[- ]){0,3}?(?:AI|A\.I|artificial|assistant|"
    r"language|machine|model|chat ?bot|program|LLM))|\b(?:as|being) an? (?:\w+[- ]){0,3}?(?:AI|A\.I|artificial|assistant|language|machine|model|chat ?bot|program|LLM)|"
    r"against my|for me to|my (?:programming|guidelines|design)",
    "identity": r"(?i)\b(?:open ?ai|(?:chat ?)?gpt|bing|laion|assistant|anthropic|deep ?seek|deepmind|qwen|alibaba|mistral|stability|hugging ?face|baidu|zhipu|moonshot|cohere|"
    r"eleuther|lmsys|google|meta|microsoft|apple|amazon|ibm|nvidia|xai|claude|bard|gemini|chatglm|kimi|vicuna|alpaca|llama|A\.?I\b|artificial intelligence|"
    r"language model|LLM|chat ?bot|learning model|program)",
    "cutoff": r"(?i)cut[- ]?off|\bupdate|training|trained|knowledge|\bmy (?:data|information|sources)|\bi (?:only )?(?:have|possess)",
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
    r"(?i)\b(?:translat|rewrit|re-?phrase|paraphras|rewrite|grammar|proof-?read|correct|edit|classif|categor|summari[sz]|label|sentiment|politely|convert|complete the sentence)"
    r"|翻译|译成|译为|改写|改成|语法|病句|润色|校对|分类|类别|判断|概括|总结|续写|礼貌|纠正|检查"
)
"""Tasks over a text that is given: an answer that refuses in one of them may be that text, or its translation."""
SUCH_WORDS = r"(?i)\b(?:sorry|can['’]?t|cannot|unable|won['’]?t|refus\w*|not able|apolog\w*|as of|cut-?off|AI|language model|chat ?bot|chatgpt)\b|抱歉|对不起|不能|无法|拒绝|不帮|截至|截止|模型|人工智能|机器人"
CODE_AND_QUOTES = r"(?s)```.*?(?:```|\z)|(?-s)`[^`\n]+`|(?m-s:^\s*>.*$)|\"[^\"\n]{1,400}\"|“[^”\n]{1,400}”|「[^」\n]{1,400}」|『[^』\n]{1,400}』|《[^》\n]{1,60}》"
"""What an answer shows and does not say itself: blocks and pieces of code, quoted lines, quotations."""
