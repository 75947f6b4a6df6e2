"""A rule over one sentence of an answer: what it says, what it needs besides, what makes it harmless, and where it counts.

Not here: rules (sft_refusal_en.py, sft_identity_en.py, sft_voice_zh.py), how they are run (sft_voice.py).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """Finds `says` in a sentence that has all of `also` and not `unless`: patterns of Rust's regex engine, which look at either case.

    In what the prompt asked to be written, a `firm` rule counts everywhere, a `narrow` one where the answer begins and speaks to who asked, others nowhere.
    `first`: only in the first two sentences.
    """

    says: str
    also: tuple[str, ...] = ()
    unless: str = ""
    firm: bool = False
    narrow: bool = False
    first: bool = False
