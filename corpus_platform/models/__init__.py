"""Models: trained from the platform's own tables or taken from a place, and applied to batches of text.

`language_id` says which language a text is in, `perplexity` how much it surprises the language's model and which bucket that makes,
`language_model` trains such a model from `normalise`d text with `sentence_piece` and `ngram`. `classifier` and `importance` score texts against
others: `training_sets` picks the rows that they learn from, `templates` has those that are shipped, `shelf` finds a model by its name.

Not here: which documents are scored and where models are kept (stages/), what is done with a score (recipes/).
"""
