import pyarrow as pa
import pytest

from corpus_platform.documents import DOCUMENT_COLUMNS, column
from corpus_platform.errors import SchemaError, SettingsError
from corpus_platform.lake import Lake, TableSpec, register, table, tables
from corpus_platform.lake.registry import SIDE_PARTITION

ID = column("id", pa.int64(), "Number", nullable=False)


def test_a_name_can_be_taken_once():
    register(TableSpec("test.once", "The first", (ID,), ("id",), ("part",)))

    with pytest.raises(SchemaError, match=r"two tables are called `test.once`: 'The first' and 'The second'"):
        register(TableSpec("test.once", "The second", (ID,), ("id",), ("part",)))


def test_an_unknown_table_is_told_with_the_nearest_and_all_that_are_known():
    with pytest.raises(
        SettingsError, match=r"no table `web.page`, nearest is `web.pages`; known are academic.cleaned, "
    ):
        table("web.page")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": "Pages"}, "a name is `layer.name`"),
        ({"key": ("nobody",)}, "key names nobody"),
        ({"order": ("nobody",)}, "order names nobody"),
        ({"columns": (ID, ID)}, "id is declared twice"),
        ({"partition_by": ()}, "needs a partition column"),
        ({"side": True}, "a side table is partitioned by stage, partition"),
    ],
)
def test_a_spec_that_contradicts_itself_is_refused(changes, reason):
    good = {"name": "test.good", "description": "", "columns": (ID,), "key": ("id",), "partition_by": ("part",)}

    with pytest.raises(SchemaError, match=reason):
        TableSpec(**{**good, **changes})


def test_a_spec_knows_its_folder_its_schema_and_its_partitions():
    pages = table("web.pages")

    assert (pages.layer, pages.short, pages.folder) == ("web", "pages", "web/pages")
    assert set(pages.schema.names).isdisjoint(pages.partition_by)
    assert pages.partition_dir({"snapshot": "CC-1", "variant": "wet"}) == "variant=wet/snapshot=CC-1"
    assert pages.partition_string({"snapshot": "CC-1", "variant": "wet"}) == "wet,CC-1"
    assert pages.partition_of("wet,CC-1") == {"variant": "wet", "snapshot": "CC-1"}


def test_a_side_partition_survives_the_comma_in_it():
    rejects = table("ops.rejects")
    partition = {"stage": "web.pages", "partition": "wet,CC-1"}

    assert rejects.partition_of(rejects.partition_string(partition)) == partition


@pytest.mark.parametrize("value", ["", "a/b", "a b", "..", "_x", "快照", "a=b", "a%20b", "a,b"])
def test_a_value_that_would_not_survive_as_a_folder_is_refused(value):
    with pytest.raises(SettingsError, match="can't be a snapshot"):
        table("web.pages").partition_dir({"variant": "wet", "snapshot": value})


def test_a_partition_with_too_much_or_too_little_is_refused(tmp_path):
    with pytest.raises(
        SettingsError, match="no partition column `snapshots`, nearest is `snapshot`; it has variant, snapshot"
    ):
        Lake(tmp_path).scan("web.pages", snapshots="CC-1")
    with pytest.raises(SettingsError, match="partition column variant has no value"):
        Lake(tmp_path).state("web.pages", {"snapshot": "CC-1"})


def test_every_table_of_the_platform_describes_itself_and_its_columns():
    platform = [spec for spec in tables() if spec.layer != "test"]

    assert {spec.name for spec in platform} >= {"web.pages", "web.documents", "corpora.ccnet", "ops.rejects"}
    for spec in platform:
        assert spec.description
        for kept in (*spec.schema, *spec.partition_fields):
            assert kept.metadata, f"{spec.name}.{kept.name}"
            assert kept.metadata[b"description"]


def test_tables_of_documents_have_all_document_columns():
    wanted = {kept.name for kept in DOCUMENT_COLUMNS}

    for name in ("web.pages", "web.documents", "encyclopedia.articles"):
        spec = table(name)
        assert wanted <= {*spec.schema.names, *spec.partition_by}


def test_side_tables_are_partitioned_by_the_stage_and_its_partition():
    assert {spec.name for spec in tables() if spec.side} == {
        "ops.rejects",
        "ops.decisions",
        "web.dedup_keys",
        "web.dedup_edges",
    }
    assert all(spec.partition_by == SIDE_PARTITION for spec in tables() if spec.side)
