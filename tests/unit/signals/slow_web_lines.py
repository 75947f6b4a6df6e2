"""Plain Python of the line rules of C4 and RefinedWeb, as their definitions read."""

import re

CITATION = re.compile(r"\[\d*]|\[edit]|\[citation needed]")
POLICY = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")
COUNTER = re.compile(
    r"^\W*\d(?:,|\.|\d)*(?:k|m|b)?\s+(?:likes|shares|comments|retweets|reposts|quotes|bookmarks|upvotes|downvotes|downloads|views|followers)\W*$"
)


def c4_lines(text, rules, bad_words=()):  # noqa: C901
    """(rule, line) of each line, in order, up to the one that drops the page."""
    found = []
    for raw in text.splitlines():
        line = raw.strip()
        words = line.split()
        rule = ""
        left = CITATION.sub("", line)
        small = left.lower()
        counted = left.split() if rules.words_without_citations else words
        if rules.max_word_length is not None and any(len(word) > rules.max_word_length for word in words):
            rule = "too_long_word"
        elif rules.terminal is not None and (
            not left.endswith(rules.terminal) or (rules.not_terminal and left.endswith(rules.not_terminal))
        ):
            rule = "no_terminal_punc"
        elif rules.min_words is not None and len(counted) < rules.min_words:
            rule = "too_few_words"
        elif rules.lorem_ipsum and "lorem ipsum" in small:
            rule = "lorem_ipsum"
        elif rules.javascript and "javascript" in small:
            rule = "javascript"
        elif rules.curly_bracket and "{" in left:
            rule = "curly_bracket"
        elif rules.policy and any(phrase in small for phrase in POLICY):
            rule = "policy"
        elif rules.bad_words and re.search("[^a-z](" + "|".join(map(re.escape, bad_words)) + ")[^a-z]", small):
            rule = "bad_word"
        found.append((rule, left))
        if rule in {"lorem_ipsum", "curly_bracket", "bad_word"}:
            break
    return found


def refinedweb_text(text, uppercase, numeric, min_words, max_words, *, reference):
    """The text after RefinedWeb's corrections, '' where nothing is left."""
    for keep in (
        lambda line: not line or sum(c.isupper() for c in line) / len(line) <= uppercase,
        lambda line: not line or sum(c.isdigit() for c in line) / len(line) <= numeric,
        lambda line: not COUNTER.search(line.lower()),
    ):
        text = "\n".join(line for line in text.split("\n") if keep(line)).strip()
    text = "\n".join(line for line in text.split("\n") if not line or len(line.split()) >= min_words)
    points = "..." if reference else r"(?:\.\.\.|…)"
    for pattern in (r"\s?items in cart", rf"\s?read more{points}$", r"^sign-in\s?"):
        lines = []
        for line in text.split("\n"):
            left = re.sub(pattern, "", line, flags=re.IGNORECASE) if len(line.split()) <= max_words else line
            if not line or left.strip():
                lines.append(left)
        text = "\n".join(lines).strip()
    return text


def fasttext_words(text):
    return sum(word[0].isalnum() for word in re.split("[ \t\n\v\f\r\0]+", text) if word)
