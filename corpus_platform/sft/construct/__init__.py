"""Dialogues made of other data without a model: a way of building to each module, as options with a pure function over rows.

Not here: the tables and stages of what is made (sft_tables.py, stages/), filters over it (recipes/), building with a model.
"""
