"""Data for supervised fine-tuning: one form for all data sets, the kinds of records they come as, what is made of them, and what trainers read.

Not here: which data sets there are (catalogue/sft.yaml), filters (recipes/steps/sft_*.py, recipes/sft/), stages (stages/sft_*.py).
"""
