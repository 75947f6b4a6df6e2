"""Engine: maps a task over items, in this process, on worker processes, or on the nodes of a Ray cluster.

    >>> from corpus_platform.engine.protocol import raise_failures
    >>> from corpus_platform.engine.settings import engine_from
    >>> engine = engine_from("process", workers=4)
    >>> report = engine.map(task, shards, label=lambda shard: shard.label, on_result=keep)
    >>> raise_failures(report)

`protocol.py` says what every engine promises, `serial.py`, `processes.py` and `cluster.py` keep it, `settings.py` chooses one by name. `crew.py` is
what engines with workers share: who does which item, and what follows a death. `sending.py` says how a task gets to a worker, `machine.py` asks for
cores and memory.

Processes: `handle.py` is the parent's end of one, `worker.py` what runs inside it, `lifeline.py` ties it to its parent.
Ray: `cluster_connection.py` is the tie to the cluster, `cluster_worker.py` what runs on its nodes.

What a task must be for an engine with workers: a top-level function of an importable module, or a `functools.partial` of one; it and its items pickle.
A worker process is a fresh interpreter with the parent's `sys.path`, working directory and environment; a worker on a node has the node's, and the
parent's `sys.path` where it is there too. Neither imports the parent's main module, so an engine works in a script without an
`if __name__ == "__main__"` guard, in `python -m`, `python -`, a notebook, a console script and a Dagster run. The price: a task written in the
script, notebook cell or stdin itself cannot be found and is refused with that reason.

Not here: what a task does, shards, tables, text, Dagster. This package imports only `corpus_platform.errors`, and its worker nothing outside
the standard library besides, so that a worker starts in a fraction of a second and pays only for what its task imports.
"""
