"""Word, phrase and domain lists: small ones of our own, and the places of others' lists, each with licence and hash.

Not here: what is counted with them (signals/), what is cut out (clean/).
"""
