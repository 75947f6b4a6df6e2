"""What assets are given: the home, with its lake and engine. Local or on S3 by its settings, never by asking where the code runs.

Not here: work on data (corpus_platform/) and asset definitions (assets/).
"""
