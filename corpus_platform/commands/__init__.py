"""Commands of `corpus` that have a module of their own, by what they are about; cli.py puts them together.

Not here: what the commands do (recipes/, signals/, analytics/), the commands that run stages (cli.py), printing of tables (printing.py).
"""
