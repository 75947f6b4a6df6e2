"""What kinds of records there are: their fields, options, and reasons why a record can't be used."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table as RichTable

from corpus_platform.printing import escaped, out, whole


def kinds(name: Annotated[str | None, typer.Argument(help="Kind; all by default")] = None) -> None:
    """The kinds of records that data sets come as; of one, its fields with the columns that usually hold them, and its options."""
    from corpus_platform.sft.kinds.kind import kind_class
    from corpus_platform.sft.kinds.kind import kinds as known

    if name is None:
        shown = RichTable(whole("kind"), "a record is", "gives", box=None)
        for kind in known().values():
            shown.add_row(kind.name, escaped(kind.about), ", ".join(sorted(kind.gives)))
        out.print(shown)
        out.print("\nOne of them: corpus sft kinds NAME; what a file has: corpus sft sniff FILE", highlight=False)
        return
    kind = kind_class(name)
    out.print(
        f"{kind.name}: {escaped(kind.about)}. Records: {', '.join(kind.shapes)}.\n", highlight=False, soft_wrap=True
    )
    fields = RichTable(whole("field"), "what it is", "usual columns", box=None)
    for field, column in kind.fields.items():
        fields.add_row(field, escaped(column.about), escaped(", ".join(column.aliases)))
    out.print(fields)
    options = RichTable(whole("option"), "what it says", "default", box=None)
    for option, info in kind.model_fields.items():
        options.add_row(
            option, escaped(info.description or ""), escaped(str(info.get_default(call_default_factory=True)))
        )
    out.print(options)
