"""Great Expectations as the judge: suites that read as suites, verdicts that are its own, errors that are neither met nor broken."""

import pytest

from corpus_platform.errors import CorpusError
from corpus_platform.quality.expectation import Expectation
from corpus_platform.quality.figures import SuiteError
from corpus_platform.quality.judge import gx_suite, judge
from corpus_platform.quality.suite import suite_of

ROWS = Expectation("rows", "has_rows", "There are rows", least=1)
NULLS = Expectation("doc_id is null", "columns_are_filled", "Identity", ("doc_id",), most=0)
SHARE = Expectation("share", "few_broken_records", "Broken ones", most=0.002)
BALANCE = Expectation("read", "nothing_is_lost", "All of them", equals="kept")
SOUND = {"rows": 3, "doc_id is null": 0, "share": 0.002, "read": 2**53 + 1, "kept": 2**53 + 1}


def test_figures_that_are_allowed_meet_their_expectations():
    judged = judge("a.table", "", [ROWS, NULLS, SHARE, BALANCE], SOUND)

    assert {figure: one.success for figure, one in judged.items()} == dict.fromkeys(
        ("rows", "doc_id is null", "share", "read"), True
    )
    assert judged["rows"].observed == 3


@pytest.mark.parametrize(
    ("figure", "value"),
    [("rows", 0), ("doc_id is null", 1), ("share", 0.0021), ("kept", 2**53), ("share", float("nan"))],
)
def test_a_figure_that_is_not_allowed_breaks_its_own_expectation_only(figure, value):
    judged = judge("a.table", "", [ROWS, NULLS, SHARE, BALANCE], SOUND | {figure: value})

    broken = {name for name, one in judged.items() if not one.success}
    assert broken == {"read" if figure == "kept" else figure}


def test_a_suite_is_great_expectations_own_with_notes_severity_and_columns():
    asked = suite_of("web.pages").expectations

    suite = gx_suite("web.pages", "A row is a page", asked)

    assert suite.name == "web.pages"
    assert suite.notes == "A row is a page"
    assert len(suite.expectations) == len(asked)
    told = {one.meta["figure"]: one for one in suite.expectations}
    nulls = told["doc_id is null"]
    assert nulls.expectation_type == "expect_column_max_to_be_between"
    assert (nulls.column, nulls.max_value, nulls.severity) == ("doc_id is null", 0, "critical")
    assert nulls.meta == {"figure": "doc_id is null", "check": "columns_are_filled", "columns": ["doc_id"]}
    assert nulls.notes.startswith("Identity of the document")
    assert told["share of broken records"].severity == "warning"
    assert told["records read"].column_B == "rows kept, dropped or rejected"


@pytest.mark.parametrize("value", ["many", [1]])
def test_what_can_t_be_evaluated_is_an_error_and_neither_met_nor_broken(value):
    with pytest.raises(SuiteError, match=r"the suite of a\.table could not be evaluated: expectation `rows`: .+"):
        judge("a.table", "", [NULLS, ROWS], SOUND | {"rows": value})


@pytest.mark.parametrize("figures", [{"doc_id is null": 0}, {"doc_id is null": 0, "rows": None}])
def test_a_figure_that_nobody_has_found_is_an_error(figures):
    with pytest.raises(SuiteError, match="there is no figure `rows`"):
        judge("a.table", "", [NULLS, ROWS], figures)


def test_a_column_that_a_pair_lacks_is_an_error_with_great_expectations_reason():
    with pytest.raises(SuiteError, match=r'expectation `read`: .*"kept"'):
        judge("a.table", "", [BALANCE], {"read": 1})


def test_the_error_is_one_that_its_reader_can_act_upon():
    assert issubclass(SuiteError, CorpusError)
