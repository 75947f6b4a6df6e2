"""Recipes: how each system makes its corpus, as steps in YAML, and what they do to documents.

`recipe.py` reads one, `step.py` says what a step is, `plan.py` what is measured when, `apply.py` runs it over documents, `judge.py` holds a rule
against a signal, `explain.py` and `compare.py` say why. `steps/` has the steps, `systems/` the recipes that are shipped; ccnet*.py are CCNet's own
fields and files.

Not here: what is measured (signals/), how text is changed (clean/), the algorithms (dedup/, models/), or tables and runs (stages/, lake/).
"""
