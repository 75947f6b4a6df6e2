"""Mixes: which documents of which tables, how many tokens of each, in which order.

`mix.py` is the language of a mix, `allocate.py` how a budget becomes a number of tokens for each part, `order.py` the order in which a part's
documents are drawn, `caps.py` how a value of a column is held back, `tokenizer.py` what a token is, `shift.py` how far two distributions are apart,
`licences.py` what licences allow, `megatron.py` a file of tokens.

Not here: reading tables and writing what was drawn (stages/), releases (analytics/).
"""
