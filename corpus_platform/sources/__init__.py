"""Readers: one module per format, each yields records or rejects and knows nothing of what happens next.

`location` says where the input is (a folder, a bucket, a web server), `common_crawl` which files belong to a snapshot, `warc`, `wat` and
`mediawiki` what is in a file, `columnar_index` which records of a snapshot are wanted.

Not here: text extraction (extract/), documents' tables (stages/, lake/).
"""
