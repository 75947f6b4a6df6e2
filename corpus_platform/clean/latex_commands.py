r"""What LaTeX's commands and environments become in text: a table for each kind.

Signatures say what follows a command: `o` an argument in brackets, `m` one in braces. What is not named here is passed, and the groups behind
it stay as text.

Not here: who reads the tables (latex.py), citations (latex_citations.py).
"""

from __future__ import annotations


def words_in(text: str) -> frozenset[str]:
    """The words of a text, which a long list is easier to read as."""
    return frozenset(text.split())


SECTIONS = {
    r"\part": 0, r"\chapter": 1, r"\section": 2, r"\subsection": 3, r"\subsubsection": 4, r"\paragraph": 5, r"\subparagraph": 6,
}  # fmt: skip
"""Headings with their depth."""

MATH = words_in(
    "equation align eqnarray gather multline flalign alignat displaymath math dmath dgroup IEEEeqnarray subeqnarray numcases "
    "narrowmultline narrowequation xalignat xxalignat"
)
"""Environments whose inside is mathematics; starred or not."""
NUMBERED_ROWS = words_in("align eqnarray gather flalign alignat IEEEeqnarray subeqnarray")
"""Of these, each row has a number."""

TABLES = {
    "tabular": "om", "tabular*": "mom", "tabularx": "mom", "tabulary": "mm", "tabu": "m", "tabu*": "m", "longtable": "om", "longtable*": "om",
    "supertabular": "m",
    "deluxetable": "m", "deluxetable*": "m", "longrotatetable": "", "array": "om", "NiceTabular": "m", "tblr": "om", "xltabular": "mom",
}  # fmt: skip
"""Environments kept as tables, with the arguments before their rows."""

RAW = frozenset({"algorithmic", "algorithmic*", "algpseudocode", "tabbing"})
"""Environments kept as LaTeX, for their commands are their structure."""

DROPPED = words_in(
    "tikzpicture pspicture picture pgfpicture thebibliography references REFERENCES bibliography asy feynman fmffile diagram "
    "tikzcd axis overpic CCSXML titlepage0 tocloft psfrags xy chart highlights graphicalabstract"
)
"""Environments that go with all that is in them: pictures and the bibliography."""

FIGURES = words_in(
    "figure figure* wrapfigure SCfigure SCfigure* floatingfigure sidewaysfigure sidewaysfigure* subfigure figwindow marginfigure"
)
"""Environments of which only captions, tables and programs stay."""

BULLETS = words_in("itemize compactitem trivlist list inparaitem asparaitem tightitemize itemise questions easylist")
NUMBERS = words_in("enumerate compactenum inparaenum asparaenum tightenumerate steps problemlist parts")
DESCRIPTIONS = words_in("description compactdesc labeling")

ENVIRONMENT_ARGUMENTS = {
    "minipage": "ooom", "multicols": "mo", "multicols*": "m", "adjustbox": "m", "wrapfigure": "omom", "wraptable": "omom", "table": "o", "table*": "o",
    "figure": "o", "figure*": "o", "subfigure": "om", "subtable": "om", "floattable": "o", "sidewaystable": "o", "algorithm": "o", "algorithm*": "o",
    "letter": "m", "tcolorbox": "o", "mdframed": "o", "spacing": "m", "adjustwidth": "mm", "changemargin": "mm", "thebibliography": "m",
    "list": "mm", "enumerate": "o", "itemize": "o", "description": "o", "scriptsize": "", "quotation": "", "otherlanguage": "m", "addmargin": "om",
    "abstract": "o", "keywords": "", "subequations": "", "appendices": "", "threeparttable": "o", "tablenotes": "o", "multicolfloat": "",
    "algorithmic": "o", "tabbing": "", "picture": "", "labeling": "om", "center": "", "landscape": "", "rotatetable": "",
}  # fmt: skip

DROPPED_ARGUMENTS = {
    # Labels, indexes, pictures, links.
    "label": "m", "index": "m", "glossary": "m", "includegraphics": "oom", "epsfig": "m", "psfig": "m", "epsfbox": "om", "epsffile": "m", "plotone": "m",
    "plottwo": "mm", "plotfiddle": "mmmmmmm", "includepdf": "om", "graphicspath": "m", "input": "m", "include": "m", "subfile": "m", "bibliography": "m",
    "bibliographystyle": "m", "addbibresource": "m", "printbibliography": "o", "nocite": "m", "pageref": "m", "vpageref": "m", "hypersetup": "m",
    "figurenum": "m", "tablenum": "m", "hyperlink": "m", "hypertarget": "m", "linkdest": "m", "hyperref": "o", "href": "m", "phantomsection": "",
    "symlabel": "m", "indexdef": "m", "indexsee": "mm", "indexfoot": "m", "indexseen": "mm", "pdfbookmark": "omm", "addcontentsline": "mmm",
    "addtocontents": "mm", "addtocounter": "mm",
    "gridline": "m", "fig": "mmm", "leftfig": "mmm", "rightfig": "mmm", "boxedfig": "mmm", "figsetgrpnum": "m", "figsetplot": "m",
    # Lengths, pages, fonts.
    "vspace": "m", "hspace": "m", "addvspace": "m", "setlength": "mm", "addtolength": "mm", "setcounter": "mm", "stepcounter": "m", "refstepcounter": "m",
    "newcounter": "mo", "newlength": "m", "settowidth": "mm", "rule": "omm", "pagestyle": "m", "thispagestyle": "m", "pagenumbering": "m",
    "markboth": "mm",
    "markright": "m", "fontsize": "mm", "fontfamily": "m", "fontseries": "m", "fontshape": "m", "fontencoding": "m", "linespread": "m", "color": "om",
    "textcolor": "om", "colorbox": "om", "fcolorbox": "omm", "pagecolor": "m", "rowcolor": "om", "cellcolor": "om", "definecolor": "mmm", "colorlet": "mm",
    "resizebox": "mm", "scalebox": "mo", "raisebox": "moo", "rotatebox": "om", "parbox": "ooom", "makebox": "oo", "framebox": "oo", "savebox": "moom",
    "usebox": "m", "newsavebox": "m", "sbox": "mm", "phantom": "m", "hphantom": "m", "vphantom": "m", "enlargethispage": "m", "needspace": "m",
    "numberwithin": "omm", "counterwithin": "mm", "theoremstyle": "m", "allowdisplaybreaks": "o", "pagebreak": "o", "nopagebreak": "o", "linebreak": "o",
    "usepackage": "om", "RequirePackage": "om", "documentclass": "om", "PassOptionsToPackage": "mm", "usetikzlibrary": "m", "tikzset": "m", "lstset": "m",
    "newcolumntype": "mom", "crefname": "mmm", "Crefname": "mmm", "captionsetup": "om", "geometry": "m", "titleformat": "mommmmo", "newlist": "mmm",
    "setlist": "om", "DeclareGraphicsExtensions": "m", "hyphenation": "m", "externaldocument": "om", "inputencoding": "m", "selectlanguage": "m",
    "definechangesauthor": "om", "todo": "om", "marginpar": "om", "marginnote": "mo", "reversemarginpar": "", "listofchanges": "o", "missingfigure": "om",
    "deleted": "om", "sout": "m", "footnotemark": "o", "endnotemark": "o", "theendnotes": "", "tablenotemark": "m", "usetabu": "m", "textcite0": "",
    "newmdtheoremenv": "omom", "defthm": "mmm", "DeclareSIUnit": "mm", "sisetup": "m", "bibpunct": "ommmmmm", "setcitestyle": "m", "bibitem": "om",
    "ctikzset": "m",
    # The front of a paper.
    "affil": "om", "affiliation": "om", "institute": "m", "institution": "m", "email": "om", "address": "om", "altaffiltext": "mm", "altaffilmark": "m",
    "altaffiliation": "om", "thanks": "m", "orcid": "m", "orcidID": "m", "orcidlink": "m", "inst": "m", "shorttitle": "m", "shortauthors": "m",
    "titlerunning": "m", "authorrunning": "m", "running": "m", "received": "om", "revised": "om", "accepted": "om", "submitted": "m", "published": "om",
    "preprint": "m", "pacs": "m", "subjclass": "om", "dedicatory": "m", "date": "m", "offprints": "m", "correspondingauthor": "om", "corresp": "m",
    "corrauth": "om", "collaboration": "mm", "nocollaboration": "m", "journal": "m", "volume": "m", "issue": "m", "doi": "m", "submitjournal": "m",
    "slugcomment": "m", "lefthead": "m", "righthead": "m", "ead": "om", "cortext": "om", "cormark": "o", "fnmark": "o", "tnotetext": "om", "tnoteref": "m",
    "fntext": "om", "corref": "m", "fnref": "m", "copyrightyear": "m", "acmJournal": "m", "acmConference": "ommm", "acmDOI": "m", "setcopyright": "m",
    "ccsdesc": "om", "runningauthor": "m", "runningtitle": "m", "authornote": "m", "Plainauthor": "m", "Plaintitle": "m", "Shorttitle": "m",
    "Address": "m",
    "Plainkeywords": "m", "curraddr": "m", "urladdr": "m", "homepage": "m", "eprint": "m", "reportnumber": "m", "prepnote": "m", "pubyear": "m",
    "pagerange": "m", "subtitle": "m", "texorpdfstring": "", "logo": "m", "noaffiliation": "", "facility": "", "software": "", "facilities": "",
    # Tables.
    "tablewidth": "m", "tabletypesize": "m", "tablecolumns": "m", "tablenum0": "", "colnumbers": "", "setlongtables": "", "LTcapwidth": "",
    "tabcolsep": "",
    "tableheadfrac": "m", "notetoeditor": "m", "extracolsep": "m", "decimals": "", "specialrule": "mmm", "addlinespace": "o",
    "arrayrulecolor": "om", "makecell": "o", "thead": "o", "cutinhead": "m", "Hy@raisedlink": "m",
    "cline": "m",
    "cmidrule": "om",
    "hline": "", "toprule": "o", "midrule": "o", "bottomrule": "o", "multicolumn": "mm", "multirow": "omom", "noalign": "m", "arraystretch": "",
}  # fmt: skip
"""Commands that go together with these arguments; what follows stays."""

AUTHORS_END = "\x11"
"""What `\\and` between authors becomes."""

REPLACED = {
    "and": AUTHORS_END, "AND": AUTHORS_END, "And": AUTHORS_END,
    "LaTeX": "LaTeX", "LaTeXe": "LaTeX2e", "TeX": "TeX", "BibTeX": "BibTeX", "XeTeX": "XeTeX", "AmS": "AMS", "ldots": "…", "dots": "…",
    "textellipsis": "…",
    "textemdash": "—", "textendash": "–", "textquoteleft": "‘", "textquoteright": "’", "textquotedblleft": "“", "textquotedblright": "”",
    "textquotesingle": "'", "textasciitilde": "~", "textasciicircum": "^", "textbackslash": "\\", "textbar": "|", "textless": "<", "textgreater": ">",
    "textunderscore": "_", "textdegree": "°", "degree": "°", "textregistered": "®", "texttrademark": "™", "copyright": "©", "textcopyright": "©",
    "dag": "†", "ddag": "‡", "textdagger": "†", "textbullet": "•", "bullet": "•", "S": "§", "P": "¶", "pounds": "£", "euro": "€", "texteuro": "€",
    "yen": "¥", "ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "aa": "å", "AA": "Å", "i": "ı", "j": "ȷ",
    "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "dj": "đ", "DJ": "Đ", "ng": "ŋ", "guillemotleft": "«", "guillemotright": "»", "quad": "\u2003",
    "qquad": "\u2003",
    "enspace": "\u2003", "thinspace": " ", "space": " ", "nobreakspace": " ", "slash": "/", "checkmark": "✓", "textmu": "µ", "micro": "µ", "nodata": "…",
    "textasteriskcentered": "*", "textperiodcentered": "·", "textexclamdown": "¡", "textquestiondown": "¿", "lq": "‘", "rq": "’", "lbrack": "[",
    "rbrack": "]",
    "newline": "\x0b", "linebreak": "\x0b", "par": "\n\n", "endgraf": "\n\n", "bigskip": "\n\n", "medskip": "\n\n", "smallskip": "\n\n",
    "newpage": "\n\n", "clearpage": "\n\n",
    "cleardoublepage": "\n\n", "tablebreak": "\x0b", "tabularnewline": "\x0b", "hfill": " ", "hfil": " ", "hskip": " ", "vskip": " ", "kern": "",
    "BibTeXe": "BibTeX",
    # AASTeX and others: units and journals.
    "arcsec": "″", "arcmin": "′", "arcdeg": "°", "degr": "°", "sun": "$\\odot$", "earth": "$\\oplus$", "micron": "µm", "fdg": "°.", "farcs": "″.",
    "farcm": "′.",
    "aj": "AJ", "apj": "ApJ", "apjl": "ApJL", "apjs": "ApJS", "aap": "A&A", "aaps": "A&AS", "mnras": "MNRAS", "pasp": "PASP", "nat": "Nature",
    "araa": "ARA&A",
    "aapr": "A&A Rev.", "prd": "Phys. Rev. D", "prl": "Phys. Rev. Lett.", "icarus": "Icarus", "solphys": "Sol. Phys.", "pasj": "PASJ", "apss": "Ap&SS",
    "ion": "", "etal": "et al.", "eg": "e.g.", "ie": "i.e.", "cf": "cf.", "viz": "viz.", "etc": "etc.", "proofname": "Proof", "figurename": "Figure",
    "sectionname": "Section", "equationname": "Equation", "problemname": "Problem",
    "tablename": "Table", "abstractname": "Abstract", "today": "", "qed": "", "qedhere": "", "maketitle": "", "ack": "", "acknowledgement": "",
}  # fmt: skip
"""Commands that stand for characters or words."""

FORMATTING = words_in(
    "emph textit textbf texttt textsf textsc textsl textrm textup textmd textnormal textsuperscript textsubscript text mbox hbox vbox fbox "
    "boxed underline uline "
    "uppercase lowercase MakeUppercase MakeLowercase it bf tt rm sf sc sl em itshape bfseries ttfamily rmfamily sffamily scshape slshape upshape mdseries "
    "normalfont normalsize tiny scriptsize footnotesize small large Large LARGE huge Huge smaller larger selectfont boldmath unboldmath centering "
    "raggedright "
    "raggedleft noindent indent sloppy fussy frenchspacing nonfrenchspacing flushbottom raggedbottom null protect ignorespaces unskip leavevmode "
    "allowbreak "
    "nobreak break strut mathstrut hfill hss vfill vss onecolumn twocolumn singlespacing doublespacing onehalfspacing frontmatter mainmatter backmatter "
    "tableofcontents listoffigures listoftables printindex makeindex makeatletter makeatother bgroup egroup begingroup endgroup csname endcsname "
    "expandafter "
    "noexpand string startlongtable startdata enddata colhead added object url proglang pkg code mathrm mathbf linenumbers nolinenumbers "
    "acknowledgments acknowledgements acknowledgment acks landscape citestyle nolinebreak nopagebreak hline underbar textls ulem hypersetup sloppypar"
)
"""Commands that change how a text looks, not what it says: their arguments are the text."""

INSIDE_MATH = words_in(
    r"\alpha \beta \gamma \delta \epsilon \varepsilon \zeta \eta \theta \vartheta \iota \kappa \lambda \mu \nu \xi \pi \rho \sigma \tau \upsilon \phi "
    r"\varphi \chi \psi \omega \Gamma \Delta \Theta \Lambda \Xi \Pi \Sigma \Upsilon \Phi \Psi \Omega \pm \mp \times \cdot \leq \geq \neq \approx \sim "
    r"\propto \infty \rightarrow \leftarrow \to \gets \Rightarrow \Leftrightarrow \circ \odot \oplus \star \ell \hbar \partial \nabla \lesssim "
    r"\gtrsim \simeq "
    r"\equiv \in \subset \cup \cap \forall \exists \le \ge \ne \ll \gg \sum \int \prod \langle \rangle \mapsto \varnothing \emptyset \triangle \square"
)
"""Symbols of mathematics that are kept as such when they stand in the text."""

SPACES = {
    "\\ ": " ",
    "\\,": " ",
    "\\;": " ",
    "\\:": " ",
    "\\!": "",
    "\\/": "",
    "\\-": "",
    "\\@": "",
    "\\>": " ",
    "\\=": "",
    "\\\n": " ",
    "\\\t": " ",
}
ESCAPED = {"\\%": "%", "\\&": "&", "\\_": "_", "\\#": "#", "\\{": "{", "\\}": "}", "\\$": "\\$", "\\|": "‖"}
ACCENTS = {
    "\\'": "\u0301", "\\`": "\u0300", "\\^": "\u0302", '\\"': "\u0308", "\\~": "\u0303", "\\=": "\u0304", "\\.": "\u0307", "\\c": "\u0327",
    "\\v": "\u030c",
    "\\u": "\u0306", "\\H": "\u030b", "\\r": "\u030a", "\\k": "\u0328", "\\d": "\u0323", "\\b": "\u0331",
}  # fmt: skip
"""Accents, as the combining character."""

TABLE_COMMANDS = {
    r"\hline": "", r"\toprule": "o", r"\midrule": "o", r"\bottomrule": "o", r"\cline": "m", r"\cmidrule": "om", r"\multicolumn": "mm", r"\multirow": "omo",
}  # fmt: skip
"""Commands that stay in a table, with the arguments that stay as they are written."""

DIMENSIONS = words_in(
    r"\vskip \hskip \kern \mkern \parindent \parskip \baselineskip \textwidth \textheight \topmargin \oddsidemargin \evensidemargin \hsize \vsize \hoffset "
    r"\voffset \columnsep \topskip \tabcolsep \itemsep \parsep \topsep \abovecaptionskip \belowcaptionskip \leftskip \rightskip \footnotesep \lineskip "
    r"\jot \raggedbottomskip \hangindent \arraycolsep \mathindent \floatsep \textfloatsep \intextsep \penalty \hyphenpenalty \tolerance \widowpenalty "
    r"\clubpenalty \looseness \abovedisplayskip \belowdisplayskip"
)
"""TeX's lengths: a number with a unit that follows them goes."""

UNITS = {
    r"\per": "/", r"\kilo": "k", r"\mega": "M", r"\giga": "G", r"\tera": "T", r"\milli": "m", r"\micro": "µ", r"\nano": "n", r"\pico": "p", r"\centi": "c",
    r"\meter": "m", r"\metre": "m", r"\second": "s", r"\gram": "g", r"\hertz": "Hz", r"\kelvin": "K", r"\pascal": "Pa", r"\volt": "V", r"\watt": "W",
    r"\joule": "J", r"\newton": "N", r"\ampere": "A", r"\mole": "mol", r"\electronvolt": "eV", r"\percent": "%", r"\degree": "°", r"\celsius": "°C",
    r"\degreeCelsius": "°C", r"\squared": "²", r"\cubed": "³", r"\hour": "h", r"\minute": "min", r"\day": "d", r"\byte": "B", r"\bit": "bit", r"\ohm": "Ω",
    r"\tesla": "T", r"\litre": "L", r"\liter": "L", r"\square": "", r"\cubic": "",
}  # fmt: skip
"""siunitx's units."""

KNOWN = (
    {"\\" + name for name in (*REPLACED, *FORMATTING, *DROPPED_ARGUMENTS)}
    | {
        "abstract",
        "keywords",
        "acknowledgements",
        "acknowledgments",
        "appendices",
        "proof",
        "figure",
        "table",
        "quote",
        "center",
    }
    | BULLETS
    | NUMBERS
    | DESCRIPTIONS
    | FIGURES
    | TABLES.keys()
    | MATH
)
"""Commands and environments that a class or style does not replace."""
