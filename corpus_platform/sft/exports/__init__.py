"""Files that trainers read, a module for each trainer's own form.

Not here: which dialogues (stages/sft_mix.py), what stands beside the files (analytics/sft_release.py).
"""
