"""Signals: named numbers about documents and lines, computed once per text and judged by every recipe.

`registry.py` says what a signal is, `annotate.py` computes a set of them over a batch, `subject.py` holds the views that they share; the other
modules are the families, one for each system that defines them.

Not here: thresholds and verdicts (recipes/), tables (stages/), kernels on text (text/).
"""
