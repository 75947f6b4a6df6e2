"""Language identification on real documents: the same labels as others get from the same model, and the right ones."""

import gzip
import json
import xml.etree.ElementTree as ET

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType

from corpus_platform.models.language_id import LanguageId

pytestmark = pytest.mark.samples
LID_CODE = {"nb": "no"}
"""BCP 47 language -> lid.176's code, where they differ."""


@pytest.fixture(scope="module")
def model():
    return LanguageId.open()


def wet_texts(samples):
    """record id -> text as it stands in the WET files."""
    texts = {}
    for path in sorted((samples / "web" / "crawl-data").rglob("*.wet.gz")):
        with path.open("rb") as stream:
            for record in ArchiveIterator(stream, record_types=WarcRecordType.conversion):
                texts[record.record_id.strip("<>")] = record.reader.read().decode()
    return texts


def test_every_wet_document_has_the_label_that_redpajama_v2_works_with(samples, model):
    with gzip.open(samples / "expected" / "rpv2_signals.jsonl.gz", "rt") as file:
        rows = [json.loads(line) for line in file]
    texts = wet_texts(samples)

    codes, scores = model.predict([texts[row["record_id"].strip("<>")] for row in rows])

    assert len(rows) == 775
    assert [(row["url"], code) for row, code in zip(rows, codes, strict=True) if code != row["lang_used"]] == []
    assert scores.tolist() == pytest.approx([row["lang_score"] for row in rows], abs=1e-4)


def test_the_declaration_of_human_rights_is_told_in_every_language_that_the_model_knows(samples, model):
    texts, expected = [], []
    for path in sorted((samples / "langid" / "udhr").glob("udhr_*.xml")):
        root = ET.parse(path).getroot()
        code = root.get("{http://www.w3.org/XML/1998/namespace}lang", "").split("-")[0]
        code = LID_CODE.get(code, code)
        if code in model.languages:
            texts.append("\n".join(root.itertext()))
            expected.append(code)

    codes, _ = model.predict(texts)

    wrong = {want: got for want, got in zip(expected, codes, strict=True) if want != got}
    assert len(expected) >= 65
    # Bosnian and Croatian are one language to many a model; Yoruba is weak in lid.176.ftz.
    assert wrong.keys() <= {"bs", "hr", "yo"}
