"""Modified Kneser-Ney estimation by external sorting; `models/ngram.py` is its public face.

Read in the order of the work: text and vocabulary (words to ids), packing and sorting (n-grams as integers, runs on disk), counting (adjusted counts),
discounts, probabilities (interpolation and back-offs), arpa (the file), pipeline (all of it), lmplz (the other program that can do it).
"""
