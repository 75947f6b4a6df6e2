"""The kinds of records that data sets come as, a module for each or a few; kind.py says what a kind is."""
