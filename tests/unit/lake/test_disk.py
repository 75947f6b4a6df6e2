"""What is told of a full disk, whoever met it."""

import errno
import tempfile

import pytest

from corpus_platform.errors import DiskFull, SchemaError
from corpus_platform.lake.disk import full_disk_named
from corpus_platform.lake.storage import Storage


class Foreign(Exception):
    """What a library in another language raises."""


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        Foreign(
            "Generic LocalFileSystem error: Unable \x1b[31m↳\x1b[0m to copy data to file: No space left on device (os error 28)"
        ),
        Foreign('IO Error: Could not write to file "spill": No space left on device'),
        Foreign("failed to offload data block ... This limit was set by the 'max_temp_directory_size' setting"),
    ],
)
def test_a_full_disk_is_told_with_its_folder_and_what_is_free(tmp_path, error, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    with (
        pytest.raises(DiskFull, match=rf"the disk of {tmp_path}.* is full \([\d,.]+ MB free\): .*run again"),
        full_disk_named(Storage(str(tmp_path / "lake"))),
    ):
        raise error


def test_the_folder_is_the_one_that_the_error_names(tmp_path):
    with (
        pytest.raises(DiskFull, match=rf"the disk of {tmp_path} is full"),
        full_disk_named(Storage("s3://bucket/lake", endpoint="http://127.0.0.1:1")),
    ):
        raise OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "not" / "made"))


def test_a_cause_counts_and_what_is_told_is_one_line(tmp_path):
    with pytest.raises(DiskFull) as found, full_disk_named(Storage(str(tmp_path))):
        raise Foreign("it went wrong") from OSError(errno.ENOSPC, "No space left\non device", str(tmp_path / "x"))

    assert "\n" not in str(found.value)


@pytest.mark.parametrize("error", [OSError(errno.EACCES, "Permission denied"), ValueError("x"), SchemaError("y")])
def test_other_errors_pass(tmp_path, error):
    with pytest.raises(type(error)) as found, full_disk_named(Storage(str(tmp_path))):
        raise error

    assert found.value is error
