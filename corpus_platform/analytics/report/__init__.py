"""The report: one HTML file about the whole lake that anybody can open, without a server and without a network.

`facts.py` says what is in it, `counting.py`, `quality.py` and `samples.py` find it out, `sections.py` writes it (`sources.py` does both of sources
other than the web, `dialogues.py` of data sets), `published.py` writes what may be given away, `page.py` puts the page together. Everything that
comes from a page of the web is escaped, in one place: `markup.py`.

Not here: charts (analytics/svg.py), masks of personal data (clean/masking.py), measures of privacy (analytics/private_counts.py).
"""
