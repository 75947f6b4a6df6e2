"""The steps that recipes are made of; each module registers those of one system or kind.

Not here: what a step is (recipes/step.py), what is measured (signals/), how text is changed (clean/).
"""
