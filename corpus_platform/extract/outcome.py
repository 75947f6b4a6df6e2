"""Why a page gave no text, as errors that carry the reason under which a stage rejects it.

Unusable
 +-- ExtractionTimeout   extraction_timeout   the extractor took more than its time
 +-- ExtractionCrashed   extraction_crashed   its process died (memory, a bug in compiled code); the next page gets a new one
 +-- ExtractionError     extraction_error     the extractor gave up with an error of its own
 +-- PageTooLarge        page_too_large       more characters than the options allow
 +-- NotText             not_text             the bytes are an image, an archive, ...
 +-- NoMath              no_math              the text variant of formulas was asked for, and the page has none

All of them concern one page; a run goes on after each. A page without text (only scripts, say) is no error: its text is empty.
"""

from typing import ClassVar

from corpus_platform.errors import CorpusError


class Unusable(CorpusError):
    """A page from which no text can be had."""

    reason: ClassVar[str] = "unusable"
    """The reject's reason."""


class ExtractionTimeout(Unusable):
    """The extractor took more than its time."""

    reason = "extraction_timeout"


class ExtractionCrashed(Unusable):
    """The extractor's process died."""

    reason = "extraction_crashed"


class ExtractionError(Unusable):
    """The extractor raised an error."""

    reason = "extraction_error"


class PageTooLarge(Unusable):
    """The page has more characters than the options allow."""

    reason = "page_too_large"


class NotText(Unusable):
    """The bytes are no text in any charset."""

    reason = "not_text"


class NoMath(Unusable):
    """The page has no formula; only the variant that keeps formulas refuses it for that."""

    reason = "no_math"
