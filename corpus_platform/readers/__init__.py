"""Readers: one module a format, from units of input (a file, a folder, an archive) to documents and rejects.

A reader knows its format and nothing of tables, partitions or recipes. Promise of each: bad input becomes a Reject with file, position and reason, memory
is bounded, nothing is written.

Not here: where files are (sources/location.py), the web's formats (sources/), the stage that reads a source (stages/source_documents.py).
"""
