r"""How an English answer says that its writer can't or won't, as rules over one sentence; and the words of a machine that speaks of itself.

A rule is a first person, a modal or verb of some class, and what it is done to; `also` are words that the sentence needs besides, `unless` those that make it
harmless. A `firm` rule counts also in what was asked to be written (a letter, a scene), where a person may well be sorry. Apostrophes are straight and marks
of emphasis gone before the rules look.

Sources: the phrase lists of allenai/open-instruct (filter_dataset_by_keywords.py, scripts/data/sft/utils.py); classes of verbs, exceptions and the
structure are ours.

Not here: what it is and where its knowledge ends (sft_identity_en.py), Chinese (sft_voice_zh.py), what a sentence is and which prompts ask for a text
(sft_voice.py).
"""

# ruff: noqa: E501  (a pattern is read whole)

from __future__ import annotations

from corpus_platform.signals.sft_rule import Rule

IN = r"[^\n]*?"
ADV = r"(?:(?:\w+ly|still|also|just|yet|ever|even|really|now|so|at this time|at present|as such|myself|not)[, ]+){0,3}"
AM = r"(?:i ?'?m|i am)"
_LEAD = (
    r"(?:^|[,;:)—–-] *|\b(?:but|so|and|or|that|therefore|hence|however|as|because|since|although|though|while|if|why|means|think|say|mention|clarify|note|"
    r"sorry|afraid|regret|unfortunately|apologies|apologize|apologise|no|well|what|which|present|moment|time|now|currently|today|here)[, ]+)"
)
"""Where a clause begins of which the writer is the subject; not behind another's verb (she says I can't has none)."""
_UNABLE = (
    r"(?:unable|not able|not (?:\w+ )?(?:allowed|permitted|authori[sz]ed|programmed|designed|equipped|capable|comfortable|willing|prepared|meant|built|set up|going|qualified|"
    r"intended|at liberty|in a position|here|about)|incapable|uncomfortable|unwilling|hesitant|forbidden|prohibited|restricted|prevented|barred)"
)
_CANT = rf"(?:(?:i (?:(?:still|also|really|simply|just|sadly|unfortunately|currently|certainly|definitely|honestly|truly|absolutely|therefore) )?(?:can ?'?t|can ?not|could(?: ?n'?t| not)|won'?t|will not|would(?:n'?t| not)|shan'?t|shouldn'?t|should not|mustn'?t|must not|may not|refuse)|{AM} {ADV}{_UNABLE})(?:,? (?:and|or|nor) (?:will|would|do|should|can|must|won't|don't)(?: not|not)?)?\b|i'll not\b|i'd never\b)"
_DECLINE = rf"\bi(?:'ll|'d|'m| am)? ?(?:(?:must|will|would|do|have|need|should|am|going|prefer|rather|obliged|forced|going|to|not)[, ]+)*{ADV}(?:have to |must |to )?(?:decline|refuse|pass on (?:this|that|it)|abstain|refrain)\b"
_SERVE = (
    r"(?:help(?: (?:you|with|in|find|create|write|make|anyone|anybody|people|someone|him|her|them|that|this|to|out|there|here))?|assist|aid|provide|supply|fulfill?|fulfil|comply|answer|respond|reply|browse|access|"
    r"(?:open|view|read|see|look at|watch|listen to|hear|process|analy[sz]e|check|visit|follow|click) (?:\w+ ){0,4}?(?:link|page|site|website|web|internet|url|file|image|picture|photo|attachment|document|video|audio|pdf|screen)s?|"
    r"create|generate|write|draft|compose|craft|produce|condone|support|promote|encourage|engage|make|predict|forecast|foresee|give|offer|share|discuss|participate|take part|recommend|suggest|facilitate|draw|paint|play|search|look up|"
    r"verify|confirm|perform|tell you|tell (?:what|who|jokes|that|the)|say (?:that|whether|who|which|for)|continue|carry on|proceed|do (?:that|this|so|it)|execute|run (?:code|programs?|that|this|the)|display|show|fetch|retrieve|send|interact|diagnose|prescribe|accept|endorse|"
    r"advise|advocate|physically|directly|express|feel|experience|taste|smell|touch|use|rate|judge|speculate|comment|reveal|disclose|divulge|repeat|reproduce|quote|copy|imitate|impersonate|pretend|role-?play|act as|explain how|"
    r"describe|go into|go along|be (?:part|a part|involved|of (?:help|assistance|service)|able to)|walk you|teach you|guide you|show you|talk about|speak (?:to|about|for)|book|order|buy|purchase|call|phone|contact|email|download|upload|upload|install|translate|summari[sz]e|guess|remember|recall|store|"
    r"know what|have (?:opinions|feelings|personal|access|real)|choose (?:a )?sides?|take (?:a )?(?:sides?|position|stance)|form opinions|calculate|compute|compare|determine|identify|name|list|pick|trust|guarantee|promise|entertain|indulge|honou?r|grant|meet|do what|process|handle|set (?:alarms|reminders|timers?|an?)|turn (?:on|off)|remind|"
    r"in good conscience|ethically|morally|legally)"
)
_SORRY = rf"\b(?:(?:{AM} )?{ADV}(?:sorry|afraid)|i apologi[sz]e|(?:my )?(?:sincere |deepest )?apologies|unfortunately|i regret|regret|regrettably|regretfully|forgive me|pardon me|sadly|alas|my bad)"
_PERSONS = (
    r"(?i)\bi (?:can'?t|can ?not|could ?n'?t) (?:help (?:but|\w+ing|it)|continue (?:like|living|with (?:us|him|her|you|this))|wait|believe|imagine|stand|sleep|breathe|live|afford|thank|recommend \w+ (?:\w+ )?enough|(?:say|tell you|stress|express|describe) (?:enough|how)|make it|attend|come\b|tell (?:if|whether)|remember (?:the last|when))"
    r"|\bi (?:refuse|won't|will not) (?:to )?(?:give up|let|forget|be (?:a|the|back|there|here|home|late|silent|afraid))\b|\bi (?:won't|will not|don't|do not|never|would never) (?:judge|store|save|share|tell anyone|collect|keep|bite|record|use) (?:you|your|any of your)\b|\bsorry (?:that )?i (?:could ?n't|can't) (?:come|make|be there)"
)
"""What people can't."""
HEAD = r"(?:AI|A\.I\.?|artificial intelligence|language model|LLM|chat ?-?bot|bot|neural network|machine learning model|computer (?:program|system)|software(?: program)?|algorithm)"
MACHINE = (
    r"(?:(?:\w+[- ]){0,3}?)(?:large|big|AI|A\.I\.|artificial|digital|virtual|machine|computer|text|text-only|text-based|conversational|automated|online|language|dialogue|chat|helpful|computer-based|helpful and harmless)?[ -]?(?:powered |based |learning |generated |intelligence |only )*"
    rf"(?:{HEAD}|(?:AI|A\.I\.|artificial|digital|virtual|automated|language|text|text-only|text-based|conversational|dialogue|computer)[ -](?:\w+[- ]){{0,2}}?(?:assistant|model|program|system|agent|entity|companion|being|tool|helper|interface))"
    r"(?:[ -](?:language|chat|text|learning|dialogue))*(?:[ -](?:model|assistant|chat ?bot|bot|program|system|agent|entity|tool|companion|trained|developed|created|designed))?"
)
AS = rf"\b(?:as|being|since {AM}|because {AM}|given that {AM}|seeing (?:that|as) {AM}) {ADV}(?:an?|just an?|only an?|merely an?) "
ME = r"\b(?:i|i'm|im|i've|i'd|my|me|mine|myself)\b"
OF_PEOPLE = r"(?i)\b(?:AI|language model|chat ?bot|software|machine learning|algorithm|robotics|bot)[ -](?:\w+ )?(?:researcher|engineer|scientist|developer|expert|enthusiast|student|specialist|professor|consultant|startup|start-up|company|architect|tester|writer|artist|ethicist|programmer|user|teacher|trainer|manager|lab)s?\b"
_HUMAN_THINGS = (
    r"(?:personal|personality|feelings?|emotions?|emotional|opinions?|preferences?|beliefs?|(?:real |life |human |first-?hand |physical |lived )*experiences?|consciousness|self-awareness|memor(?:y|ies)|senses|sense of|(?:physical )?(?:body|form|presence|existence|childhood|gender|"
    r"family|birthday|age|hands|eyes|ears|mouth|taste|appearance|location|needs|sensations?)|physical|thoughts of my own|desires|favou?rites?|human|subjective|biases|own (?:opinion|feelings|views?))"
)
_POWERS = (
    r"(?:(?:direct |live |internet |real-?time |current |up-to-date |external |web |browsing |visual |such |much |enough |specific |sufficient |detailed |built-in |reliable )*"
    r"(?:access|capabilit(?:y|ies)|abilit(?:y|ies)|capacity|means|permission|functionality|connection|information (?:about|on|regarding|or)|data (?:about|on)|way (?:of|to)|tools? to|authority to|knowledge of (?:your|personal|private|current)|camera|browser|microphone|recollection|record of))"
)
_RULES = r"(?:guidelines?|programming|principles|polic(?:y|ies)|values|ethics|ethical (?:\w+ )?(?:guidelines|standards|principles|code|rules|boundaries|programming)|rules|design|training|terms|standards|code of|instructions|safety (?:\w+ )?\w+|content polic\w+|core \w+|purpose|moral \w+)"

REFUSAL = (
    # Disclaimers of a machine.
    Rule(rf"{AS}{MACHINE}\b", also=(ME,), unless=OF_PEOPLE, firm=True),
    Rule(
        rf"\b{AM} {ADV}(?:just|only|merely|simply|but|nothing (?:more|but)(?: than)?) an? {MACHINE}\b",
        unless=OF_PEOPLE,
    ),
    Rule(
        rf"\b{AM} {ADV}an? {MACHINE}\b(?:,| and| so| that| who| which| without){IN}\b(?:can ?'?t|cannot|do not|don'?t|unable|not able|not capable|does not|doesn't|without|no)\b",
        unless=OF_PEOPLE,
    ),
    Rule(
        rf"\bi (?:don'?t|do not|have no|lack|do n't|possess no|never) {ADV}(?:have |possess |hold |experience |form )?(?:any |the |an? |my |real |true |actual |such )*{_HUMAN_THINGS}\b",
        unless=r"(?i)\bpersonal(?:ly)? (?:time|problem|car)",
    ),
    Rule(
        rf"\bi (?:don'?t|do not|can ?'?t|cannot|won'?t|lack|have no|never|neither)\b{IN}\b(?:because|as|since|for|being|like)\b{IN}\b(?:an? {MACHINE}|(?:people|humans?|persons?) (?:do|does|would|can))\b",
        unless=OF_PEOPLE,
    ),
    # That the writer declines, on whatever grounds.
    Rule(
        rf"{_DECLINE}",
        unless=r"(?i)\b(?:i|to) (?:would |will )?refuse to (?:give up|believe|let|be)\b|\brefrain from (?:us|say|eat)",
        narrow=True,
    ),
    Rule(
        rf"\b(?:against|violat\w+|contrary to|conflicts? with|conflict\w* with|align\w* with|outside(?: of)?|in line with|consistent with|breach\w*|contravenes?|at odds with|crosse?s?|compatible with|contradicts?|in violation of|breaks?|prohibited by|forbidden by|allowed by|permitted by|due to|per|under|follow)(?: \w+){{0,3}}? (?:my|what i|the \w+ (?:i|that i)|open ?ai'?s?|anthropic'?s?)(?: \w+){{0,3}}? (?:{_RULES}|consider|was (?:programmed|designed|built)|stand for|lines?|boundar\w+)\b",
        unless=r"(?i)\b(?:with|in line|under|per|due to|follow)\b[^\n]*\b(?:my|our) (?:values|training|purpose|design|rules|standards)\b[^\n]*\b(?:glad|happy)",
        firm=True,
    ),
    Rule(
        rf"\bmy (?:\w+ ){{0,3}}?{_RULES} {ADV}(?:don'?t|do not|does ?n'?t|does not|won'?t|will not|would ?n'?t|would not|prevents?|prohibits?|forbids?|restricts?|stops?|keeps? me|bars?|limits?|requires? me|include|rules? out|disallows?|tells? me)\b",
        firm=True,
    ),
    Rule(
        r"(?:\bnot|n't|\bnever|\bin)\b(?: \w+){0,3}? ?(?:appropriate|ethical|right|acceptable|advisable|proper|okay|ok|possible|feasible|responsible|safe|wise|suitable|unethical|wrong)(?: or \w+)? (?:for|of) me(?: to| here| in| at|,|\.|$)",
        firm=True,
    ),
    Rule(
        r"\b(?:(?:un|in|im|ir)(?:appropriate|ethical|responsible|possible|wise|proper)|(?:is|be|'s|was) (?:very |also |simply )?(?:wrong|dangerous|harmful|illegal|unfair|dishonest)) (?:for|of) me to\b"
    ),
    Rule(
        r"(?:n'?t|\bnot|\bnor)\b[^\n]{0,16}?\b(?:within|among|part of|in) my (?:current |own )?(?:abilit(?:y|ies)|capabilit(?:y|ies)|power|scope|reach|skill ?set|remit|repertoire|purview|nature|programming)\b",
        narrow=True,
    ),
    Rule(r"\bit(?:'s| is| would be| is really)(?: \w+)? ?not my (?:place|role|job) to\b|\bnot my place to\b"),
    Rule(
        rf"\b(?:something|anything|nothing|things|thing|topic|request|subject|task|content|joke|stor(?:y|ies)|one|area|territory|kind of \w+|type of \w+|what|\w+ing)\b (?:that |which |is (?:something|a thing) (?:that |which )?)?(?:{_CANT}|i(?:'m| am| can|'d| could|'ll| will| would) {ADV}(?:not )?(?:able|willing|comfortable|do\b|help|assist|provide|going|allowed|permitted|write|create|produce|discuss|engage|support|be))",
        unless=rf"{_PERSONS}|(?i)\b(?:if|whether|do you|is there|have|let me know|was|were|had|did)\b[^\n]*\b(?:anything|something|nothing|thing)\b|\b(?:anything (?:else )?|(?:something|things?) else |some things |things )(?:that |which )?i can\b(?: do| help)",
        also=(r"(?i)n'?t\b|\b(?:not|nothing|cannot)\b",),
        narrow=True,
    ),
    Rule(
        r"\b(?:beyond|outside|exceeds?|past|out of|not within)(?: the)?(?: scope| range| realm| bounds| limits?| boundaries)?(?: of)?(?: both)? (?:my|what i)(?: \w+){0,2}? ?(?:capabilit(?:y|ies)|abilit(?:y|ies)|scope|expertise|capacity|reach|powers?|skill ?set|programming|knowledge|purview|remit|function(?:s|ality|alities)?|area|range|control|competence|can\b|am able|'m able|am allowed|was (?:built|designed)|do\b)",
        also=(r"(?i)\b(?:is|are|'s|falls?|lies?|goes|go|would be|was|which|something)\b",),
    ),
    Rule(
        rf"\bi {ADV}(?:have (?:absolutely |really )?no|don'?t have (?:any|an?|much)?|lack(?: any| an?| the)?) ?(?:\w+ )?(?:insight|visibility|body|arms|hands|eyes|ears|legs|senses|feelings|consciousness|emotions|ability|capability|capacity|means|context|memory|tools|physical|real|information|internet|mouth|voice|face|skin|stomach|nose)\b",
        unless=r"(?i)\bin (?:my|your) (?:hands?|eyes)\b|\b(?:hands?|eyes|voice|body) (?:for|like|of|that)\b",
    ),
    Rule(
        r"\b(?:no way for me|impossible for me|(?:is ?n'?t|is not|not) (?:\w+ )?(?:a )?(?:way|possible) for me|out of my hands)\b",
        narrow=True,
    ),
    Rule(
        rf"\bi {ADV}(?:try|aim|prefer|choose|tend|strive|have|like|am careful|'m careful|seek|want|endeavou?r|do my best) (?:not to|to (?:avoid|stay|remain|keep|be)\b{IN}?\b(?:neutral|impartial|unbiased|objective|out of))\b",
        also=(
            r"(?i)\b(?:share|take|express|give|offer|opinions?|views?|sides?|neutral|impartial|unbiased|objective|out of|political|personal|positions?|engage|promote|speculate)\b",
        ),
    ),
    Rule(
        rf"\bi {ADV}(?:don'?t|do not|would ?n'?t|would not) {ADV}(?:want|wish|like|care|intend|plan) to {ADV}(?:be (?:a )?part|help|encourage|contribute|take part|promote|support|cause|write (?:that|this|such|content)|create|produce|provide|assist|facilitate|participate|engage|spread|enable|generate)\b",
        unless=_PERSONS,
        narrow=True,
    ),
    Rule(
        rf"{_LEAD}{_CANT} {ADV}(?:be )?{ADV}(?:helping|providing|producing|writing|creating|generating|sharing|giving|assisting|answering|discussing|making|doing that|drawing|supporting|promoting|engaging|continuing|playing|participating|taking part|composing|drafting|offering|telling|describing|explaining|repeating|commenting|responding|complying|fulfilling)\b",
        unless=_PERSONS,
        narrow=True,
    ),
    Rule(
        r"\bi(?: was|'m| am| have|'ve)? ?(?:n't|not|wasn'?t|never) (?:been )?(?:built|made|designed|trained|programmed|created|meant|intended|set up|equipped|configured|given)\b(?: \w+)? ?(?:to|for|with|that|the)\b",
        unless=r"(?i)\bnot made (?:of|for (?:this|each|it))\b|\bi(?:'m| was) not meant to (?:be|see|hear)\b|\bi was not given\b",
        narrow=True,
    ),
    # An apology, and that it can't be done.
    Rule(rf"{_SORRY}\b{IN}{_CANT}", unless=_PERSONS, narrow=True),
    Rule(
        rf"{_LEAD}{_CANT}{IN}\b(?:sorry|i'm afraid|apologies|unfortunately)\b",
        unless=_PERSONS,
    ),
    Rule(
        rf"\b(?:sorry|afraid|apologi[sz]e|apologies|unfortunately|regret|sadly)\b{IN}\bi (?:do not|don'?t|do n't|lack|have no|am not|'m not) {ADV}(?:have |possess |got )?(?:any |the |an? |real |your )*(?:{_POWERS}|information|enough|(?:\w+ )?(?:database|records?|details)|(?:\w+ )?(?:doctor|lawyer|professional|physician|person))\b"
    ),
    Rule(
        rf"\b(?:sorry|afraid|apologi[sz]e|apologies|unfortunately|but|however|so|regret)\b{IN}\bi(?:'ll|'m going to| am going to| will| would|'d) (?:have to|need to|rather not|prefer not|not be)\b"
    ),
    # That it can't be done.
    Rule(
        rf"{_LEAD}{_CANT}(?: be able)?(?:,? (?:in good conscience|therefore|unfortunately|as an AI),?)? ?(?:to )?(?:with |in )?{ADV}{_SERVE}\b",
        unless=_PERSONS,
        narrow=True,
    ),
    Rule(
        rf"{_LEAD}(?:{AM} {ADV}{_UNABLE}|i won'?t be able) (?:with |of |from |for )?(?:to )?{ADV}(?:\w+ing\b|{_SERVE}\b)",
        unless=rf"{_PERSONS}|(?i)\bnot going (?:anywhere|crazy|back)|not here\b",
        narrow=True,
    ),
    Rule(
        r"\b(?:i|we) (?:can'?t|cannot|can not|(?:am|are) (?:unable|not able) to) (?:complete|finish|perform|execute|carry out|process|accommodate|satisfy) (?:this|the|your|such an?|that) (?:task|request|instruction|order|command)\b",
        firm=True,
    ),
    Rule(
        rf"{_LEAD}i (?:do not|don'?t|would not|wouldn't) {ADV}(?:feel (?:comfortable|at ease|right)|think (?:it(?: is|'s| would be)?|that'?s?|i (?:can|should|could)) ?(?:is |would be )?(?:appropriate|right|ethical|wise|okay|help|write|answer|assist|do)|condone|promote|endorse|encourage|engage in|produce|provide|generate|create (?:content|such)|discuss (?:such|politic)|participate in|take (?:sides|positions|a stance)|support (?:\w+ing|the use|any|such|images|that|this))\b",
        unless=rf"{_PERSONS}|(?i)\bif\b[^\n]*\bi don'?t\b",
        narrow=True,
    ),
    Rule(
        rf"{_LEAD}(?:[a-z' ]{{1,60}}, ?)?i (?:do not|don'?t|do n't|have no|lack|possess no|don'?t yet|have not|haven't|don'?t currently) ?{ADV}(?:have |possess |retain |keep |store |got |been given )?(?:any |the |an? |no |real |your )*(?:{_POWERS}|memory of (?:earlier|previous|past|our|your|other|prior)|(?:earlier|previous|past|prior) (?:conversations?|chats?|messages?|sessions?|interactions?))",
        unless=r"(?i)\bin the house\b",
    ),
    # That it can't, and what can be done instead; and the very first words of an answer.
    Rule(
        rf"{_LEAD}{_CANT}{IN}\b(?:but|however,?|instead,?) ?i(?: can|'d be| would be|'m happy| am happy|'ll)\b",
        unless=_PERSONS,
    ),
    Rule(
        rf"^(?:{AM} (?:unable|not able) to \w+|i can(?:'?t|not) (?:see|hear|know|feel|touch|smell|taste|sense|watch|print) (?:your?|what|who|that|this|any|the|anything|images|documents)\b)",
        first=True,
    ),
    Rule(
        r"\b(?:let'?s|we should|how about we|i suggest we|can we|could we|shall we) (?:change|switch|move on|talk about something|choose another|pick a different|keep (?:this|our|the)|try a different topic|discuss something)\b",
        also=(r"(?i)\b(?:sorry|apolog\w+|can'?t|cannot|won'?t|not|topic|respectful|appropriate)\b",),
        first=True,
    ),
    Rule(
        r"\bi'?m (?:not an? |no )(?:licensed |qualified |real |trained |medical )?(?:doctor|lawyer|physician|therapist|professional|person|human)\b[^\n]*\b(?:can'?t|cannot|language model|unable|not able|AI)\b",
        unless=r"(?i)\bbut i\b",
    ),
)
