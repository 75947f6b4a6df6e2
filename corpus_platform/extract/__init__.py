"""Turns the bytes of a web page into its text: charset, main text, title, reuse signals, a language hint.

    with Extractor(TextOptions(method="resiliparse")) as extractor:
        page = page_text(body, headers, "text/html; charset=gbk", extractor)
    page.text, page.title, page.charset, page.robots, page.licence

- `page`: the one call that a stage makes for a page, `page_text`.
- `charset`: bytes -> text. `labels` knows the names of charsets, `plausibility` tells text from mojibake.
- `main_text`: HTML -> main text and title, by resiliparse, trafilatura or jusText, or with formulas as LaTeX (`math_text`, `mathml`).
- `extractor`: the same in a helper process (`helper`), which bounds the time and memory of a page. `outcome` has what can go wrong.
- `reuse`: robots, TDM reservation and licence marks of a page.

Promise: the same bytes, headers and options give the same columns, whatever pages came before and however busy the machine is.

Not here: reading archives and undoing transfer and content encodings (sources/), which pages are wanted and where rejects go (stages/),
identification of the language for filtering (models/), cleaning of the text (clean/).
"""
