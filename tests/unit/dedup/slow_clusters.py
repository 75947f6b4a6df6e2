"""Slow twins of matching and clusters: all documents of all sets in memory, every holder of a key united with every other."""


def clusters(sets, upto, matches):
    """{doc_id: (name, size)} of the documents of set `upto`, from all documents of the sets up to it.

    `sets` are lists of (doc_id, keys), in order; `matches` says whether two documents are linked.
    """
    documents = [document for own in sets[: upto + 1] for document in own]
    parent = list(range(len(documents)))

    def root(node):
        while parent[node] != node:
            node = parent[node]
        return node

    for i in range(len(documents)):
        for j in range(i):
            if matches(documents[i][1], documents[j][1]):
                a, b = root(i), root(j)
                parent[max(a, b)] = min(a, b)
    members = {}
    for i in range(len(documents)):
        members.setdefault(root(i), []).append(i)
    own = {doc_id for doc_id, _ in sets[upto]}
    return {
        documents[i][0]: (documents[first][0], len(those))
        for first, those in members.items()
        for i in those
        if len(those) > 1 and documents[i][0] in own
    }


def share_a_key(a, b):
    return bool({key for key, _ in a} & {key for key, _ in b})


def share_key_and_value(a, b):
    return bool(set(a) & set(b))


def near(distance):
    """Documents match where a key is equal and the values differ in few bits."""

    def matches(a, b):
        return any(k == o and (v ^ w).bit_count() <= distance for k, v in a for o, w in b)

    return matches


def units_that_go(sets, upto, keep):
    """{(doc_id, ordinal)} of the units of set `upto` that go."""
    earlier = {key for own in sets[:upto] for _, keys in own for key in keys}
    holders = {}
    for doc_id, keys in sets[upto]:
        for ordinal, key in enumerate(keys):
            holders.setdefault(key, []).append((doc_id, ordinal))
    gone = set()
    for key, places in holders.items():
        stays = keep == "newest" or key not in earlier
        if keep == "none" and len({doc_id for doc_id, _ in places}) > 1:
            stays = False
        gone |= set(places[1:] if stays else places)
    return gone
