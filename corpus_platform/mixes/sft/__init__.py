"""Mixes of dialogues: the language, the sets and licences that they go by, tokens of what is learnt, and the order in which dialogues are drawn.

Not here: mixes of documents (the modules above), tables (stages/sft_mix.py), what trainers read (sft/exports/).
"""
