"""Forgetting: what a person wants gone leaves every table and every old version, and does not come back.

targets.py says what is meant, tombstones.py keeps it from coming back, columns.py knows which columns name a document, traces.py what else may hold it,
purge.py takes it out of the tables.

Not here: releases and the folders of a home (analytics/forget.py), the files of tables (lake/).
"""
