"""Engine: maps a task over items, in this process, on worker processes, or (later) on a cluster.

    >>> from corpus_platform.engine.protocol import raise_failures
    >>> from corpus_platform.engine.settings import engine_from
    >>> engine = engine_from("process", workers=4)
    >>> report = engine.map(task, shards, label=lambda shard: shard.label, on_result=keep)
    >>> raise_failures(report)

`protocol.py` says what every engine promises, `serial.py` and `processes.py` keep it, `settings.py` chooses one by name. `worker.py` is what
runs inside a worker process, `sending.py` says how the task gets there, `lifeline.py` ties that process to its parent, `handle.py` is the
parent's end of it, `machine.py` asks for cores and memory.

What a task must be for `Processes`: a top-level function of an importable module, or a `functools.partial` of one; it and its items pickle.
A worker is a fresh interpreter with the parent's `sys.path`, working directory and environment. It does *not* import the parent's main
module, so an engine works in a script without an `if __name__ == "__main__"` guard, in `python -m`, `python -`, a notebook, a console
script and a Dagster run. The price: a task written in the script, notebook cell or stdin itself cannot be found and is refused with that reason.

Not here: what a task does, shards, tables, text, Dagster. This package imports only `corpus_platform.errors`, and its worker nothing outside
the standard library besides, so that a worker starts in a fraction of a second and pays only for what its task imports.
"""
