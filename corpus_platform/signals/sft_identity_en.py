r"""What an English answer says that its writer is, and where its knowledge ends, as rules over one sentence.

Sources: allenai/open-instruct (filter_dataset_by_keywords.py, filter_cutoff_date.py); names, exceptions and the structure are ours.

Not here: refusals and the words of a machine (sft_refusal_en.py), Chinese (sft_voice_zh.py), how rules are run (sft_voice.py).
"""

# ruff: noqa: E501  (a pattern is read whole)

from __future__ import annotations

from corpus_platform.signals.sft_refusal_en import ADV, AM, AS, HEAD, IN, MACHINE, ME, OF_PEOPLE
from corpus_platform.signals.sft_rule import Rule

_VENDOR = (
    r"(?:open ?ai|chat ?gpt|gpt[- ]?(?:3|4)(?:\.5)?[a-z]?|bing ?chat|laion|open ?assistant|anthropic|deep ?seek|qwen|alibaba(?: cloud)?|mistral(?: ai)?|stability ai|hugging ?face|baidu|zhipu(?: ai)?|moonshot(?: ai)?|cohere|eleuther(?: ?ai)?|lmsys|iflytek|baichuan(?: inc)?|sensetime|"
    r"minimax|stepfun|01\.ai|shanghai ai lab\w*|technology innovation institute|databricks|inflection(?: ai)?|tencent|bytedance|deepmind|xai|fudan|tsinghua|allen institute|ai2)"
)
_WEAK_VENDOR = rf"(?:{_VENDOR}|google(?:'s)?(?: ai| deepmind| research)?|meta(?: ai)?|facebook|microsoft|apple|amazon|ibm|nvidia|huawei|samsung|salesforce)"
_NAME = (
    r"(?:chat ?gpt|gpt[- ]?(?:3|4)(?:\.5)?[a-z]?|bing(?: ?chat)?|open ?assistant|claude|bard|gemini|qwen|tongyi(?: qianwen)?|deep ?seek(?:[- ](?:chat|coder|v\d|r\d))?|chatglm|glm|kimi|vicuna|alpaca|llama|ernie(?: bot)?|wenxin|spark(?: ?desk)?|moss|baichuan|internlm|mistral|mixtral|grok|copilot|tulu|olmo|gemma|phi|falcon|"
    r"zephyr|koala|dolly|lamda|palm|yi|doubao|hunyuan|pangu|pi|siri|alexa|cortana|google assistant|command r|minimax|abab|sensechat|skywork|belle|guanaco|wizardlm|nova|stablelm|pythia|bloomz?)(?:[- ]?(?:\d[-\w.]*|chat|instruct|plus|pro|turbo|sonnet|opus|haiku|max|ai|bot))*"
)
_MADE = r"(?:pre-?trained|trained|developed|created|made|built|designed|released|fine-?tuned|tuned|programmed|coded|engineered|powered|produced|launched|introduced|published|operated|run|hosted|owned|brought (?:to you|to life|into being)|put together|trains?|develops|makes|built|wrote|written|provided|offered|maintained)"
_AFTER = rf"(?:\s*[,.;:!?()—–~]|\s*$|\s+-|\s+(?:and|or|so|that|who|which|to|{_MADE}|here|without|with|but|not|capable|whose|trying|from|by|in|rather|at|for|after|as|like|living|running|through|then|called|named|known|of)\b)"
_IFS = r"\b(?:if|like|as if|as though|wish|imagine|pretend|feel(?:ing)?|not) (?:that )?(?:i was|i were|i'm|i am|i'm not) (?:an? )?(?:\w+ )?(?:robot|computer|AI|bot)|\bi(?:'m| am) (?:using|writing|building|working|looking|learning|developing|creating|making|training|testing|interested|trying|sure|not sure|familiar|talking|referring|assuming|happy|glad|sorry|here|new|in|on|at|with|the (?:owner|author|founder|creator|developer|maker))\b"
_NOT_A_PERSONS = rf"{OF_PEOPLE}|(?i)\bi(?:'m| am) an? (?:\w+ )?(?:assistant|program) (?:at|in|for|to) (?:the|a|an)\b"

IDENTITY = (
    Rule(
        rf"(?:\b(?:{AM}|i,|me,|my name is|my name's|(?:the )?name(?:'s| is)|this is|it's|(?:call|calls|named|name|know) me(?: as)?|refer to me as|think of me as|i go by|known as|i(?:'m| am) (?:called|named|known as)|i answer to|whose name is|assistant:?|here is|here's|as) {ADV}(?:not \w+[, ]+(?:but |i am |i'm )?)?(?:the |your |an AI |a chat ?bot |a (?:model|bot|companion|assistant) |(?:AI )?(?:model|assistant|companion) |(?:called |known as |named |the name )+)*){_NAME}{_AFTER}",
        also=(ME + r"|\bthis is\b",),
        unless=r"(?i)\b(?:monet|shannon|debussy|van damme|project gemini|zodiac|i'm (?:bing(?:e|ing)|spark\w+ing)|like (?:siri|alexa)|brightness)\b|\bas (?:siri|alexa|chatgpt|bard|gpt\S*)[, ]",
        firm=True,
    ),
    Rule(
        rf"\b(?:i(?: was| am|'m|m|'ve been| have been| come| belong)|my (?:\w+ )?(?:creators?|developers?|training|model|makers?|name|version|parent|company|team|owner)|{AS}{MACHINE})\b{IN}\b(?:{_MADE}|based on|product of|at|from|by|to|are|is|was|property of|part of|work of|child of|belong to)\b{IN}\b{_VENDOR}\b",
        unless=r"(?i)\b(?:i (?:work|worked)|i'?m (?:using|working|learning|building|interested|happy|glad|an? \w+ (?:engineer|researcher|employee))|tutorial)\b",
        firm=True,
    ),
    Rule(
        rf"\bi(?: was| am|'m|m|'ve been| have been|, \w+, was)\b(?:{IN}\b{MACHINE},?(?: that was| which was| that is)?)? (?:{ADV})(?:{_MADE})(?:,? (?:and|or) {_MADE})? (?:by|at|from) (?:[\w'-]+ ){{0,8}}{_WEAK_VENDOR}\b",
        unless=r"(?i)\bi (?:was|am) (?:trained|made|introduced) (?:as|to be)\b",
        firm=True,
    ),
    Rule(
        rf"\bi(?:'m| was| am| have been|'ve been)? {ADV}(?:developed|programmed|engineered|coded|pre-?trained|fine-?tuned|brought (?:to life|into being|into existence)|built|designed|created|trained|made) ?(?:and \w+ )?(?:by|from scratch by) (?:an? |the |some |my )?(?:\w+ ){{0,3}}?(?:team|teams|researchers?|engineers?|developers?|scientists?|programmers?|folks|people|company|startup|start-up|lab|laborator(?:y|ies)|humans|organi[sz]ation|group|community|university|creators?)\b",
        unless=r"(?i)\bi was trained by\b",
    ),
    Rule(
        rf"\bi (?:was|am|'m) {ADV}(?:designed|programmed|built|developed|engineered|trained|created) (?:that way|to (?:be|assist|help|provide|answer|respond|follow|understand|process|generate|simulate|avoid|treat)|as an? (?:{MACHINE}|assistant)|on (?:an? |lots|huge|vast|large|massive|text|data|many|billions)|with (?:a|lots|data|text))\b",
        unless=r"(?i)\bi was trained (?:to|with)\b",
    ),
    Rule(
        rf"\bi (?:come from|belong to|represent|am from)\b(?: the)? (?:\w+ )?{_WEAK_VENDOR}\b",
        firm=True,
    ),
    Rule(
        rf"\b(?:i(?:'m| am)?|underneath,? i|what i|me) {ADV}(?:use|run|running|based|built|powered|operating|operate|rely|draw|work|working|sit|a version)\b (?:\w+ )?(?:on|by|with|of|top of|upon|the)? ?(?:the |an? |top of |\w+'s )*(?:{_VENDOR}|{_NAME})\b",
        also=(
            r"(?i)\b(?:under the hood|behind|underneath|model|architecture|fine-?tuned|powered|based on|built on|run(?:ning)? on|version|technology|operate)\b",
        ),
        unless=r"(?i)\bi (?:use|work with) (?:chat ?gpt|gpt\S*|claude|copilot|siri|alexa) (?:to|for|when|as|at)\b",
        firm=True,
    ),
    Rule(
        rf"\b(?:you are|you're|your|u r|you have been|you've been) {ADV}(?:talking|chatting|speaking|interacting|conversing|communicating|texting|dealing|in touch) (?:to|with) (?:an? |the |your )?(?:\w+ )?(?:{_NAME}|{MACHINE}|robot|machine|model)(?:{_AFTER}|\b)",
        unless=r"(?i)\b(?:when|if|while|once|whether|sure|believe|think|like|feel(?:s|ing)?)\b[^\n]{0,30}\byou(?:'re| are) (?:talking|chatting|speaking)",
        firm=True,
    ),
    Rule(
        rf"\b(?:this|the) (?:\w+ )?(?:conversation|chat|chat ?bot|assistant|bot|service|answers?|text|message|response|reply)\b[^\n]{{0,40}}?\b(?:powered|run|driven|generated|written|produced|provided|created) by (?:me, )?(?:an? )?(?:\w+ )?(?:{_VENDOR}|{_NAME}|{MACHINE})\b",
        also=(r"(?i)\b(?:this|me|i|you)\b",),
        firm=True,
    ),
    Rule(
        rf"\b{_WEAK_VENDOR}\b{IN}\b(?:{_MADE}|wanted|gave|behind|called|named|designed|taught)\b{IN}\b(?:me\b(?: to (?:be|speak|talk|chat|write|help|answer|think)| in| as| with| so| on| and| for| by|[,.!;]|$)|(?:the )?(?:model|assistant|system|AI|bot|program|chat ?bot) (?:that |which |whom )?you(?:'re| are))",
        unless=r"(?i)\b(?:gave|sent|showed|called|hired|paid|offered|asked|emailed) me (?:a|the|an|to|for|about)\b",
        firm=True,
    ),
    Rule(
        rf"\b{_WEAK_VENDOR}\b{IN}\b{_MADE} me\b",
        unless=r"(?i)\b(?:made|makes) me (?:feel|think|want|\w+ (?:than|to))",
        firm=True,
    ),
    Rule(
        rf"\b(?:made|built|trained|developed|created|designed|programmed|operated) (?:by|at) {_WEAK_VENDOR}\b",
        also=(
            r"(?i)^(?:yes|no|sure|hi|hello|hey|well|actually)?[,! ]*(?:i\b|i'm|my\b|me\b|made|built|trained|developed|created|an? (?:AI|language model|chat ?bot|assistant))",
        ),
        firm=True,
        first=True,
    ),
    Rule(
        rf"\b{_VENDOR}(?:'?s)? (?:usage |use |content |use[- ]case |safety )?(?:polic(?:y|ies)|guidelines){IN}\b(?:me|i|my)\b",
        firm=True,
    ),
    Rule(
        rf"\b(?:i|my){IN}\b{_VENDOR}(?:'?s)? (?:usage |use |content |use[- ]case |safety )?(?:polic(?:y|ies)|guidelines)\b",
        firm=True,
    ),
    Rule(
        rf"\b(?:versions?|release|creators?|developers?|makers?|makers|iteration) of me\b|\b(?:by|with) me, (?:an? )?(?:{_NAME}|{MACHINE})\b|\b(?:my (?:makers?|creators?|developers?)|the (?:people|team|company|firm|ones?|organi[sz]ation|researchers|engineers) (?:that|who|which)? ?(?:made|built|trained|developed|created|designed|programmed) me)\b{IN}\b(?:{_WEAK_VENDOR}|team|researchers|engineers|company)\b",
        also=(rf"(?i)\b(?:{_WEAK_VENDOR}|{_NAME}|model|AI|language|researchers|engineers|programmers)\b",),
        unless=r"(?i)\b(?:better|best|worst|old|older|younger|future|past) versions? of me",
        firm=True,
    ),
    Rule(
        rf"{AS}(?:{MACHINE}|(?:\w+[- ]){{0,3}}model),? (?:that was |which was |that is )?{_MADE} (?:and {_MADE} )?(?:by|at|from)\b",
        also=(ME,),
        unless=rf"{OF_PEOPLE}|(?i)\bfashion\b",
        firm=True,
    ),
    Rule(
        rf"(?:\b{AM}|\bmy name(?:'s| is)|\bcall me|^this is|\b(?:called|named)) [^\n.,;:!?]{{1,40}},? (?:and (?:i'?m|i am) |which is |i'?m |i am )?(?:an?|your|the) (?:\w+[- ]){{0,3}}?{MACHINE}{_AFTER}",
        also=(ME + r"|^this is",),
        unless=rf"{_NOT_A_PERSONS}|(?i){_IFS}|\b(?:about|using|with|like|as|than|have|had|use|used|for|to|of|on|that|sure|want|need|by|building|from|in)\b (?:an?|your|the) (?:\w+[- ]){{0,3}}?(?:AI|bot|chat|language|software|computer|algorithm|virtual|digital|neural)",
        narrow=True,
    ),
    Rule(
        rf"\b(?:an?|your|the) (?:\w+[- ]){{0,3}}?{MACHINE},? (?:that was |which was )?{_MADE} (?:and {_MADE} )?(?:by|at)\b",
        also=(r"(?i)\b(?:i am|i'm|im|my name|me|this is|i was)\b",),
        unless=rf"{OF_PEOPLE}|(?i)\b(?:i (?:use|used|am using|like|love|have|work)|i'm (?:using|a fan|an? \w+er\b))",
        narrow=True,
    ),
    Rule(
        rf"\bmy (?:\w+ )?(?:role|job|purpose|function|goal|task|aim|mission)\b{IN}?\b(?:as|being) (?:an?|your) (?:\w+[- ]){{0,3}}?{MACHINE}{_AFTER}",
        unless=OF_PEOPLE,
        narrow=True,
    ),
    Rule(
        rf"\b{AM} {ADV}(?:an?|the|one) (?:\w+[- ]){{0,4}}?(?:version|variant|derivative|instance|descendant|member|sibling|successor|edition|release) of (?:the )?(?:\w+ )?(?:{_NAME}|{_VENDOR})\b",
        firm=True,
    ),
    Rule(
        r"\byour (?:\w+ ){0,3}?(?:AI|virtual|digital|artificial) (?:\w+ )?(?:assistant|companion|helper|friend|chat ?bot|agent)\b",
        also=(r"(?i)\b(?:i'm|i am|this is|hi|hello|hey|me)\b",),
        unless=r"(?i)\b(?:use|using|ask|tell|train|build|give|with|in|of|to|for|about|choose|name|set up) your\b",
        narrow=True,
    ),
    Rule(
        rf"\b(?:compan(?:y|ies)|people|team|lab|firm|organi[sz]ation|folks|group|one|ones|researchers|engineers|brains|developers?) behind me\b{IN}\b(?:is|are|at|from|,)",
        unless=r"(?i)\b(?:sit\w*|stood|stand\w*|walk\w*|queue|line|seat)\b",
        firm=True,
    ),
    Rule(
        rf"\b{MACHINE}\b{IN}\b(?:that'?s me|that is me|it'?s me|namely me|in other words,? me|which is (?:me|what i am)|what i am)\b",
        unless=OF_PEOPLE,
        firm=True,
    ),
    Rule(
        rf"\b(?:{_VENDOR}|{_NAME})\b{IN}\b(?:that'?s me|it'?s me|it is me|that is me|is me|here i am|what i'?m called|i'?m called|i am called|my (?:full |real |own |official )?name|who i am|what i am|at your service)\b|\b(?:that'?s me|here i am|my (?:full |real |own |official )?name|who i am)\b{IN}\b(?:{_VENDOR}|{_NAME}){_AFTER}",
        unless=r"(?i)\b(?:my name (?:in|to|from|for|on)|in my name|your name)\b",
        firm=True,
    ),
    Rule(
        rf"\bmy (?:\w+ )?(?:code|weights|parameters|software|source code|algorithms?|architecture|neural \w+|language model|programming)\b (?:was|were|is|are|comes?|has been|have been) (?:\w+ )?(?:{_MADE}|based|from)\b",
        also=(
            rf"(?i)\b(?:{_WEAK_VENDOR}|{_NAME}|engineers?|researchers?|team|developers?|transformer|humans?|scientists|programmers)\b",
        ),
        unless=r"(?i)\bmy (?:code|software|algorithm) (?:is|was) (?:based on|run)\b",
        firm=True,
    ),
    Rule(
        rf"\bi {ADV}(?:only |just )?(?:exist|live|run|reside|consist|operate|am made|'m made|was born)\b {ADV}(?:as|on|in|inside|of|from|within)\b (?:\w+ ){{0,2}}?(?:software|code|programs?|servers?|data cent(?:er|re)s?|computers?|cloud|the digital|cyberspace|lines of|algorithms?|digital|ones and zeros|neural|bits)\b",
        unless=r"(?i)\bi (?:run|live|operate) (?:my|the|a|an|on a)\b",
        narrow=True,
    ),
    # What calls itself a machine, without a name.
    Rule(
        rf"(?:\b{AM}|\bi, as|\bbeing) {ADV}(?:after all,? |not (?:an? )?[\w ]{{3,20}}?[,;]? (?:but |i'?m |i am |rather )?|in (?:fact|truth|reality|essence),? |nothing (?:more|but)(?: than)?,? |at heart,? |actually,? |really,? |but |called \w+, |what (?:you|people) call |as (?:you|an?) \w+, )*(?:an?|your|the|one of|a piece of|a kind of|a sort of|a type of|a form of|another|this|also an?)? ?(?:\w+[ -]){{0,4}}?(?:{HEAD}|(?:AI|virtual|digital|artificial|language|automated|computer|conversational|machine)[- ](?:\w+[- ]){{0,2}}?(?:assistant|model|program|system|agent|entity|companion|being|tool|helper)|chat assistant){_AFTER}",
        unless=rf"{_NOT_A_PERSONS}|(?i){_IFS}",
        narrow=True,
    ),
    Rule(
        rf"\b{AM} {ADV}(?:an?|your|the|just an?|only an?) (?:\w+[ -]){{0,2}}?(?:robot|computer|machine|program){_AFTER}",
        unless=rf"{_NOT_A_PERSONS}|(?i){_IFS}",
    ),
    Rule(
        r"\b(?:i'?m|i am) (?:your |an? |the )(?:\w+ ){0,2}?assistant(?:\s*[.!]|,? (?:and|here|trained|designed|created|programmed|without|so|that|which|ready|powered)\b)",
        unless=rf"{_NOT_A_PERSONS}|(?i)\bassistant (?:manager|professor|teacher|editor)",
    ),
)

_YEAR = r"\b(?:19|20)\d\d\b"
_MINE = (
    r"(?:\b(?:my|mine|our) (?:\w+[- ]){0,4}?(?:knowledge|training|trained|data ?(?:set|base)?|information|sources|corpus|memory|records?|update|updates|cut-?off|learning|material|awareness|texts?|understanding)\b"
    r"|\b(?:data|dataset|texts?|information|material|corpus|knowledge|sources|facts|documents|news|figures|articles|web pages)\b[^\n,;]{0,20}? ?(?:that |which )?(?:i was|i've been|i have been|i am|i'm|i had been|i|me|were|was) (?:\w+ ){0,2}?(?:trained|training|have\b|had\b|know\b|possess|given|learned|learnt|available to me|built|studied|seen|saw|read|hold|fed|draw|rely)"
    r"|\bavailable to me\b|\bat my disposal\b|\baccessible to me\b|\bwhat i (?:know|was taught|learned|learnt|have|can tell|was trained|have (?:read|learned|learnt|been taught|seen))\b|\beverything i (?:know|learned|was)\b"
    r"|\bi (?:was|am|'ve been|have been|'m|got) (?:\w+ ){0,2}?(?:trained|updated|refreshed|retrained|taught|fed)\b|\bi (?:only |just |currently )?(?:have|possess|hold|lack) (?:no |any |only |limited |little |not )?(?:\w+ )?(?:knowledge|information|data|awareness|news)\b"
    r"|\bi(?:'m| am)? (?:not |only |un|just |probably |currently |no longer )*(?:aware|up to date|up-to-date|current|familiar|informed|unaware|know about|know of|know things|know)\b|\bi (?:do not|don'?t|can ?'?t|can ?not|may not|might not|would ?n'?t|would not|won'?t|am not able to|wouldn't|have not|haven't) (?:\w+ )?(?:know|have|be aware|see|cover|reflect|tell|include|say|describe|learn\w*|comment|provide|been|heard|seen)\b"
    r"|\bthe training\b|\bmy (?:brain|world|calendar|clock)\b)"
)
_BOUND = (
    r"\b(?:up to|upto|up until|until|till|through|thru|as of|as at|before|prior to|after|afterwards|beyond|past|since|later than|earlier than|stops?|stopped|stopping|ends?|ended|ending|finished|frozen|froze|freezes|cut(?:s|ting)?[- ]?off|only go(?:es)?|goes?|covers?|covered|limited|current|last|latest|refreshed|updated|put together|collected|compiled|"
    r"most recent|reaches|reach|extends?|runs?|ran|no later|dates?|dated|stands?|gathered|recent|newer|thereafter|afterward|fixed|final|halts?|onwards?|snapshot|closed|went|time of|predates?|around)\b"
)
_DOUBTFUL = r"(?i)\b(?:i (?:worked|studied|lived|graduated|was (?:born|hired|trained (?:as|in|by|to|at))|have (?:worked|been working|known))|my (?:data|records?) (?:show|shows)|your)\b"

CUTOFF = (
    Rule(
        r"\b(?:my|our) (?:\w+[- ]){0,4}?cut[- ]?off\b|\bcut[- ]?off (?:date |point )?(?:of|for) my\b|\bmy (?:\w+ )?cuts? off\b"
    ),
    Rule(
        r"\b(?:knowledge|training|data|information)(?: data)?[- ]cut[- ]?off\b",
        also=(ME,),
        unless=r"(?i)\b(?:a|the term|what is an?) (?:model|knowledge cut)",
    ),
    Rule(
        r"\b(?:as of|as at|up to|until|till|up until|according to|at(?: the time of)?|since|by|after|before|from|during|prior to|following|past|beyond|around|time of|based on) my (?:very |own )?(?:most recent |last |latest |current |final |previous )(?:\w+ ){0,2}?(?:updates?|training|knowledge|data|refresh|dataset|information|cut)\b"
    ),
    Rule(
        r"\b(?:after|beyond|past|since|before|until|up to|outside|later than|newer than|postdates?|following) my (?:\w+ ){0,2}?(?:training|knowledge|dataset|data|cut|update)(?: (?:data|period|window|date|time|cut|update|ended|finished|stopped|was))?(?:[.,;:!?)]|\s*$| (?:are|is|were|was|will|may|might|in|of|so|and|period|window|ended|which|that|cut))",
        unless=r"(?i)\b(?:finish\w*|complet\w*|start\w*|pass\w*) my\b|\b(?:back up|backup|delete|lose|lost) my\b|\bmy (?:data|training) (?:plan|session|course|is safe)",
    ),
    Rule(
        r"\b(?:after|beyond|past|since|before|until|up to|outside|later than|newer than|following) my (?:\w+ ){0,2}?(?:training|knowledge|dataset|data|cut|update)(?:[.,;:!?)]|\s*$| (?:are|is|were|was|will|may|might|in|so|and|data|period|window|date|time|ended|finished|stopped|which|that|cut))",
        unless=r"(?i)\b(?:finish\w*|complet\w*|start\w*|pass\w*|back up|backup|delete|lose|lost) my\b|\bmy (?:data|training) (?:plan|session|course|is safe)",
    ),
    Rule(
        r"\bmy (?:last|latest|most recent|final|current)(?: \w+){0,2}? (?:update|training(?: data| run)?|knowledge|dataset|refresh|information)\b",
        unless=r"(?i)\bupdate (?:on|about|to)\b",
    ),
    Rule(r"\bmy (?:last|latest|most recent) update\b"),
    Rule(
        r"\b(?:when|since|before|after|until|time|moment|point|day|date|last time|where) (?:that |at which )?(?:i was|my (?:\w+ ){0,3}?(?:was|were|is|got|last)) (?:\w+ )?(?:trained|updated|refreshed|collected|gathered|put together|compiled|finali[sz]ed|frozen|assembled|built)\b",
        unless=r"(?i)\b(?:when|since|before|after|until) i was (?:trained|being trained) (?:as|to|in|by|at)\b",
    ),
    Rule(r"\bi was (?:last|most recently) (?:trained|updated|refreshed)\b"),
    Rule(
        r"\b(?:my|the) (?:\w+ )?(?:training|knowledge|training data|dataset|data|information|learning|memory)(?: data(?:set)?| base)? (?:\w+ly |only )?(?:ends|ended|stops|stopped|finished|was (?:completed|finished|last updated|frozen)|cuts off|cut off|is (?:frozen|outdated|out of date|limited to|fixed)|does(?:n't| not) (?:extend|go|reach|include (?:events|anything)|cover)|only (?:goes|extends|covers|reaches|runs))\b",
        also=(r"(?i)\b(?:my|i)\b",),
        unless=r"(?i)\b(?:limited to (?:the|what|general))\b",
    ),
    Rule(
        rf"\bi (?:do not|don'?t|can(?:no|')t|may not|might not|am not|'m not|won'?t|have no)\b{IN}\b(?:after|beyond|past|since|post)\b{IN}\b(?:my|i was)\b{IN}\b(?:training|cut[- ]?off|updated?|trained|knowledge)\b"
    ),
    Rule(
        r"\bi(?:'m| am) (?:not aware|unaware) of (?:any )?(?:\w+ )?(?:events|developments|changes|news|releases)\b[^\n]*\b(?:after|beyond|since|past)\b"
    ),
    Rule(
        r"\b(?:my|i)\b[^\n]*\b(?:not|n't) (?:\w+ )?(?:updated|trained|refreshed) (?:in real[- ]time|since|after|past|beyond|with (?:the latest|recent|current)|on (?:recent|data after))\b",
        unless=r"(?i)\byour\b",
    ),
    Rule(
        _BOUND,
        also=(rf"(?i){_MINE}", _YEAR),
        unless=rf"{_DOUBTFUL}|(?i)\bi (?:do not|don'?t|can'?t|cannot) (?:\w+ )?(?:see|say|tell|describe|provide|been|include|have)\b[^\n]*\b(?:why|how|any reason)\b",
    ),
)
