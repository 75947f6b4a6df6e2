"""Real documents of every source: where the samples have them, what reads them, and a home over all of them, made up to its corpora."""

import shutil
from importlib.metadata import distribution
from pathlib import Path

from corpus_platform.home import Home
from corpus_platform.settings import CorpusSettings, write_settings

COLLECTIONS = {
    "books": {
        "gutenberg": ("books/gutenberg", "gutenberg", {}),
        "epub": ("books/epub", "epub", {}),
        "classical": ("books/zh_classical", "book_text", {"language": "zh"}),
        "poetry": ("books/zh_poetry", "book_json", {"language": "zh"}),
    },
    "academic": {
        "latex": ("academic/latex", "latex", {}),
        "arxiv": ("academic/latex_eprint", "latex", {}),
        "pmc": ("academic/jats", "jats", {}),
        "s2orc": ("academic/s2orc", "s2orc", {}),
    },
    "social": {
        "stackexchange": ("social/stackexchange", "stackexchange", {}),
        "weibo": ("social/zh_dialogue", "dialogues", {"language": "zh"}),
        "waimai": ("social/zh_reviews", "reviews", {"language": "zh"}),
    },
    "parallel": {
        "wmt22": ("parallel/wmt22", "pairs_tsv", {}),
        "tmx": ("parallel/tmx", "tmx", {}),
        "wmtxml": ("parallel/wmt_xml", "wmt_xml", {}),
        "guwen": ("parallel/zh_classical_modern", "pairs_zh", {}),
    },
}
"""Folder, reader and its options by collection, of sources whose samples need nothing else."""
SETS = {
    "dialogue": ("sft/chinese-medical-dialogue", "records_table", {"set": "toyhom_medical_dialogue"}),
    "cmmlu": ("sft/cmmlu", "records_table", {"set": "exams_choice"}),
    "agieval": ("sft/agieval", "records_table", {"set": "exams_choice"}),
}
PACKAGES = ("attrs", "click", "idna", "jinja2", "markupsafe", "networkx", "packaging", "psutil", "requests", "rich")
"""Packages of the test environment, all under permissive licences."""
WIKIS = ("de", "el", "es", "fa", "he", "ja", "ro", "ru", "si", "ur", "zh")
"""Languages whose small dumps are taken, besides the larger English one: each is a partition of its own, and that of `si` holds a redirect only."""
SNAPSHOTS = ("CC-MAIN-2024-10", "CC-MAIN-2024-18")


def sources_of(samples, collections):
    """The setting `sources` for collections."""
    return {
        source: {
            name: {"location": str(samples / where), "format": reader, "options": options}
            for name, (where, reader, options) in named.items()
        }
        for source, named in collections.items()
    }


def copy_packages(folder):
    """The files of PACKAGES, as they are in a `site-packages` of their own."""
    for name in PACKAGES:
        for file in distribution(name).files or ():
            if ".." not in file.parts and "__pycache__" not in file.parts and (path := Path(file.locate())).is_file():
                place = folder / file
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, place)


def copy_dumps(folder, samples):
    """The English dump, and small ones of WIKIS."""
    folder.mkdir(parents=True)
    dumps = [
        *samples.glob("encyclopedia/enwiki-latest*"),
        *(samples / f"encyclopedia/minidumps/{code}wiki.xml.bz2" for code in WIKIS),
    ]
    for dump in dumps:
        shutil.copy2(dump, folder)


def make_everything(folder, samples, **settings):
    """A home over pages of two snapshots and all other sources, with the corpus of each."""
    copy_packages(folder / "packages")
    copy_dumps(folder / "dumps", samples)
    sources = sources_of(samples, {**COLLECTIONS, "domain": SETS})
    sources["code"] = {"packages": {"location": "packages", "format": "installed_packages"}}
    every = {
        "source": {"location": str(samples / "web")},
        "variants": ["wet"],
        "sources": sources,
        "encyclopedia": {"location": "dumps"},
        "language_model": {"languages": []},
        "classifiers": {"models": {}},
        # A partition takes a second or less: starting workers would cost more.
        "engine": {"kind": "serial"},
        "recipes": {"enabled": ["ccnet", "encyclopedia"]},
        "reject_budget": 0.5,
        **settings,
    }
    write_settings(folder / "corpus.yaml", CorpusSettings.model_validate(every))
    home = Home.open(folder)
    for batch in home.batches([f"corpora/{name}" for name in home.enabled], list(SNAPSHOTS)):
        for name, partition in batch.tables:
            home.run(name, partition)
    return home
