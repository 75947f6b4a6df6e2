"""Clusters: documents that matches connect, directly or through others, and which of them stays.

A cluster is a component of the graph of all edges up to a snapshot. Its name is the id of its first document. Documents of earlier snapshots enter
the graph of a new one as the cluster that they are in, or as themselves, so that it has nodes for new documents and for the clusters they touch only.
Where a new document connects two earlier clusters the later one is *merged* into the earlier one: a row says so, and nothing published changes.
Promise: clusters, sizes and survivors of a snapshot depend on the documents up to it alone.

Not here: how edges are found (matching.py), the tables that this is kept in (stages/duplicates.py, local.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from corpus_platform.text.kernel import kernel, part

if TYPE_CHECKING:
    import duckdb

Survivor = Literal["none", "first", "newest", "preferred"]
"""Which document of a cluster stays: none; the first; the first of the newest snapshot; of the first snapshot's the one that is preferred.

What an earlier snapshot has published stays published: a new document survives `first` and `preferred` only in a cluster that is new with it.
"""

_BYTES_PER_NODE = 64
"""What a node costs in memory while components are found: its number, its place, its parent, and slack."""


def components(a: np.ndarray, b: np.ndarray, nodes: int) -> np.ndarray:
    """int64[nodes]: the least node of each node's component; `a` and `b` int64 are the ends of edges."""
    parent = np.arange(nodes)
    _unite(a, b, parent)
    return _least(parent)


def fits_in_memory(nodes: int, edges: int, memory: int) -> bool:
    """Whether components of so many nodes are found within `memory` bytes."""
    return nodes * _BYTES_PER_NODE + edges * 32 <= memory


def components_on_disk(session: duckdb.DuckDBPyConnection, edges: str) -> str:
    """The same for graphs that are larger than memory: name of a table (node, component) in the session, which spills to disk.

    `edges` is a table or view (a, b) of whole numbers. Each round links every node to the least one that it or a neighbour knows of, large stars and
    small stars in turn, until nothing changes: a number of rounds that grows with the logarithm of the longest path.
    Source: Kiveris et al. 2014, "Connected Components in MapReduce and Beyond".
    """
    run = session.execute
    run(
        f"CREATE OR REPLACE TEMP TABLE star AS SELECT DISTINCT greatest(a, b) AS a, least(a, b) AS b FROM {edges} WHERE a <> b"
    )
    while True:
        before = run(_IDENTITY).fetchall()
        run(_LARGE_STAR)
        run(_SMALL_STAR)
        if run(_IDENTITY).fetchall() == before:
            break
    run(
        "CREATE OR REPLACE TEMP TABLE component AS SELECT a AS node, b AS component FROM star UNION SELECT b, b FROM star"
    )
    return "component"


_IDENTITY = "SELECT count(*), coalesce(sum(hash(a, b)), 0) FROM star"

_LARGE_STAR = """
CREATE OR REPLACE TEMP TABLE star AS
WITH neighbours AS (SELECT a AS node, b AS neighbour FROM star UNION ALL SELECT b, a FROM star),
     least AS (SELECT node, least(node, min(neighbour)) AS m FROM neighbours GROUP BY node)
SELECT DISTINCT neighbour AS a, m AS b FROM neighbours JOIN least USING (node) WHERE neighbour > node AND neighbour <> m
"""
"""Every larger neighbour of a node is linked to the least of the node and its neighbours."""

_SMALL_STAR = """
CREATE OR REPLACE TEMP TABLE star AS
WITH least AS (SELECT a AS node, min(b) AS m FROM star GROUP BY a)
SELECT DISTINCT a, b FROM (
    SELECT b AS a, m AS b FROM star JOIN least ON star.a = least.node WHERE star.b <> m
    UNION ALL SELECT node, m FROM least)
"""
"""Every smaller neighbour of a node, and the node, are linked to the least of these neighbours."""


@part
def root(parent: np.ndarray, node: int) -> int:
    """The root of a node in a forest of parents (int64); the way to it becomes shorter."""
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@kernel
def _unite(a: np.ndarray, b: np.ndarray, parent: np.ndarray) -> None:
    """Joins the ends of each edge; the least node becomes the root."""
    for i in range(a.size):
        one, other = root(parent, a[i]), root(parent, b[i])
        if one < other:
            parent[other] = one
        elif other < one:
            parent[one] = other


@kernel
def _least(parent: np.ndarray) -> np.ndarray:
    found = np.empty_like(parent)
    for node in range(parent.size):
        found[node] = root(parent, node)
    return found
