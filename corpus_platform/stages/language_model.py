"""Language models: SentencePiece + 5-gram of a language, trained from encyclopedia articles or taken from a location. One partition is one language.

Below a minimum of text no model is made: the row says why, and documents of that language get the bucket `all`.

Not here: training and scoring (models/).
"""

from __future__ import annotations
