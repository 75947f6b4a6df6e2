"""Modified Kneser-Ney said slowly: dictionaries of tuples, a recursion, and nothing clever."""

from collections import Counter
from math import log10

BEGIN, END, UNKNOWN = "<s>", "</s>", "<unk>"


class SlowModel:
    """Counts, discounts and probabilities of a model of tokenised sentences (lists of words)."""

    def __init__(self, sentences, order, fallback=(0.5, 1.0, 1.5), prune=()):
        self.order = order
        thresholds = list(prune) or [0]
        self.prune = thresholds + [thresholds[-1]] * (order - len(thresholds))
        self.windows = Counter()
        self.raw = [Counter() for _ in range(order)]
        self.words = {UNKNOWN: 0, BEGIN: 1, END: 2}
        for sentence in sentences:
            self.take([*sentence, END])
        self.adjusted = [self.adjust(size) for size in range(1, order + 1)]
        self.pruned = [{g for g in grams if self.is_pruned(g)} for grams in self.adjusted]
        self.discounts = [self.discount(size, fallback) for size in range(1, order + 1)]

    def take(self, words):
        for word in words:
            self.words.setdefault(word, len(self.words))
        padded = [BEGIN] * (self.order - 1) + words
        for end in range(self.order, len(padded) + 1):
            self.windows[tuple(padded[end - self.order : end])] += 1
        sentence = [BEGIN, *words]
        for size in range(1, self.order + 1):
            for start in range(len(sentence) - size + 1):
                self.raw[size - 1][tuple(sentence[start : start + size])] += 1

    def adjust(self, size):
        if size == self.order:
            adjusted = dict(self.raw[size - 1])
        else:
            left = Counter(gram[1:] for gram in self.raw[size])
            adjusted = {g: c if g[0] == BEGIN else left[g] for g, c in self.raw[size - 1].items()}
        if size == 1:
            adjusted |= {(UNKNOWN,): 0, (BEGIN,): 0}
        return adjusted

    def is_pruned(self, gram):
        special = len(gram) == 1 and gram[0] in {UNKNOWN, BEGIN, END}
        return not special and self.raw[len(gram) - 1][gram] <= self.prune[len(gram) - 1]

    def last_ngrams(self):
        """lmplz enters these into the statistics with their plain count: the ends of the last window in its sort order."""
        last = max(self.windows, key=lambda window: [self.words[word] for word in reversed(window)])
        ends = []
        for size in range(1, self.order):
            ends.append(last[-size:])
            if ends[-1][0] == BEGIN:
                break
        return set(ends)

    def discount(self, size, fallback):
        last = self.last_ngrams()
        of_counts = Counter(self.raw[size - 1][g] if g in last else c for g, c in self.adjusted[size - 1].items())
        n1, n2, n3, n4 = (of_counts[c] for c in (1, 2, 3, 4))
        if not n1 or not n2 or not n3:
            return fallback
        y = n1 / (n1 + 2 * n2)
        found = (1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3)
        return found if all(0 <= d <= c for c, d in enumerate(found, start=1)) else fallback

    def following(self, context):
        """N-grams of which the context is all but the last word."""
        return {g: c for g, c in self.adjusted[len(context)].items() if g[:-1] == context}

    def weight(self, context):
        """Share of the lower order after the context; 1 after one that was never seen."""
        grams = self.following(context)
        if not grams:
            return 1.0
        pruned = self.pruned[len(context)]
        taken = sum(c if g in pruned else self.taken(len(g), c) for g, c in grams.items())
        return taken / sum(grams.values())

    def taken(self, size, count):
        return self.discounts[size - 1][min(count, 3) - 1] if count else 0.0

    def probability(self, gram):
        """Of the last word after the others; the n-gram must be in the model."""
        if not gram:
            return 1 / (len(self.adjusted[0]) - len(self.pruned[0]) - 1)
        if gram == (BEGIN,):
            return 1.0
        count = self.adjusted[len(gram) - 1][gram]
        total = sum(self.following(gram[:-1]).values())
        own = (count - self.taken(len(gram), count)) / total
        return own + self.weight(gram[:-1]) * self.probability(gram[1:])

    def entries(self):
        """For each order: n-gram -> (log10 of the probability, log10 of the back-off)."""
        return [
            {
                g: (min(0.0, log10(self.probability(g))), logarithm(self.backoff(g)))
                for g in grams
                if g not in self.pruned[size - 1]
            }
            for size, grams in enumerate(self.adjusted, start=1)
        ]

    def backoff(self, gram):
        return 1.0 if len(gram) == self.order or gram[-1] in {END, UNKNOWN} else self.weight(gram)


def logarithm(value):
    return log10(value) if value > 0 else -99.0


def read_arpa(path):
    """For each order: n-gram -> (log10 of the probability, log10 of the back-off), in the file's order; and the counts of its header."""
    orders, counts = [], []
    for line in path.read_text(encoding="utf-8").split("\n"):
        if line.endswith("-grams:"):
            orders.append({})
        elif line.startswith("ngram "):
            counts.append(int(line.split("=")[1]))
        elif "\t" in line:
            probability, words, *backoff = line.split("\t")
            orders[-1][tuple(words.split(" "))] = (float(probability), float(backoff[0]) if backoff else 0.0)
    return orders, counts


def slow_score(orders, context, word):
    """log10 of the probability of a word after a context, by the rule of ARPA files."""
    gram = (*context, word)
    if gram in orders[len(gram) - 1]:
        return orders[len(gram) - 1][gram][0]
    backoff = orders[len(context) - 1].get(context, (0.0, 0.0))[1]
    return backoff + slow_score(orders, context[1:], word)
