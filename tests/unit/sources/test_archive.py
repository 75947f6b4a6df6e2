import gzip
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.errors import SourceError
from corpus_platform.sources.archive import Break, Damaged, frames


def read(data):
    """([block of each whole record], [reason of each damage], [positions])."""
    blocks, reasons, positions = [], [], []
    for frame in frames(io.BytesIO(data), "x.warc"):
        if isinstance(frame, Break):
            reasons.append(frame.reason)
            continue
        positions.append(frame.position)
        try:
            blocks.append(frame.read())
        except Damaged as damage:
            reasons.append(damage.reason)
    return blocks, reasons, positions


@pytest.fixture(scope="module")
def records(make_record):
    return [make_record(f"block {number} ".encode() * 9, "resource") for number in range(4)]


@pytest.fixture(scope="module")
def blocks():
    return [f"block {number} ".encode() * 9 for number in range(4)]


@pytest.mark.parametrize("compress", [False, True])
def test_a_file_cut_anywhere_gives_its_whole_records_and_tells_of_the_cut(records, blocks, compress):
    parts = [gzip.compress(one, mtime=0) for one in records] if compress else records
    whole = b"".join(parts)
    ends = [sum(map(len, parts[: number + 1])) for number in range(len(parts))]

    for size in range(1, len(whole)):
        found, reasons, _ = read(whole[:size])

        complete = sum(end <= size for end in ends)
        assert found[:complete] == blocks[:complete]
        # A record may be whole before its last bytes, which are empty lines or a checksum.
        assert found in (blocks[:complete], blocks[: complete + 1])
        assert len(reasons) == 1 or size in ends or (not compress and size + 4 >= ends[complete])


def test_positions_are_those_of_the_gzip_members(records):
    parts = [gzip.compress(one, mtime=0) for one in records]

    _, _, positions = read(b"".join(parts))

    assert positions == [sum(map(len, parts[:number])) for number in range(4)]


def test_records_that_share_a_gzip_member_have_increasing_positions(records, blocks):
    found, reasons, positions = read(gzip.compress(b"".join(records * 50), mtime=0))

    assert found == blocks * 50
    assert reasons == []
    assert positions == sorted(set(positions))


@given(st.integers(0, 3), st.binary(min_size=1, max_size=40), st.integers(4, 100))
@settings(deadline=None)
def test_damage_inside_a_gzip_member_costs_that_member_only(records, blocks, victim, noise, at):
    parts = [gzip.compress(one, mtime=0) for one in records]
    part = parts[victim]
    parts[victim] = part[:at] + noise + part[at + len(noise) :]

    found, reasons, positions = read(b"".join(parts))

    assert [block for block in found if block in blocks and block != blocks[victim]] == blocks[:victim] + blocks[
        victim + 1 :
    ]
    assert len(reasons) <= 1
    assert positions == sorted(set(positions))


def test_a_gzip_file_whose_first_bytes_are_lost_gives_the_other_records(records, blocks):
    data = b"".join(gzip.compress(one, mtime=0) for one in records)

    found, reasons, _ = read(b"\0\0\0" + data[3:])

    assert found == blocks[1:]
    assert reasons == ["not_warc"]


@given(st.binary(max_size=400), st.booleans(), st.integers(0, 600), st.integers(0, 200))
@settings(deadline=None)
def test_no_bytes_whatever_raise(records, noise, compress, at, drop):
    data = b"".join(gzip.compress(one, mtime=0) if compress else one for one in records)

    read(data[:at] + noise + data[at + drop :])
    read(noise)


def test_junk_between_plain_records_is_one_break(records, blocks):
    found, reasons, _ = read(records[0] + b"\0junk\r\nmore junk\r\n" * 9 + b"".join(records[1:]))

    assert found == blocks
    assert reasons == ["bad_warc"]


def test_a_record_that_claims_too_many_bytes_does_not_take_the_next_ones_along(make_record, records, blocks):
    liar = make_record(b"short", "resource", Content_Length="1000000")

    found, reasons, _ = read(records[0] + liar + b"".join(records[1:]))

    assert found == blocks
    assert reasons == ["truncated"]


@pytest.mark.parametrize("length", [None, "", "abc", "-5", "99999999999999999999999"])
def test_a_record_without_a_valid_length_is_damage(make_record, records, blocks, length):
    found, reasons, _ = read(
        records[0] + make_record(b"odd", "resource", Content_Length=length) + b"".join(records[1:])
    )

    assert found == blocks
    assert reasons == ["bad_warc"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty_file"),
        (b"filedesc://x.arc 0.0.0.0 20140216050221 text/plain 75\n", "arc_unsupported"),
        (gzip.compress(b"filedesc://x.arc 0.0.0.0 20140216050221 text/plain 75\n", mtime=0), "arc_unsupported"),
        (b"%PDF-1.4", "not_warc"),
        (b"\x1f\x8b\x08garbage", "bad_gzip"),
        (gzip.compress(b"url,text\n", mtime=0), "not_warc"),
    ],
)
def test_another_file_is_told_for_what_it_is(data, reason):
    assert read(data) == ([], [reason], [])


def test_a_store_that_fails_is_an_error_and_no_damage(records):
    class FailsLater(io.BytesIO):
        calls = 0

        def read(self, size=-1):
            self.calls += 1
            if self.calls > 2:
                raise OSError(5, "disk failed")
            return super().read(300)

    with pytest.raises(SourceError, match=r"x.warc: reading failed: .*disk failed; run again"):
        list(frames(FailsLater(b"".join(records)), "x.warc"))


def test_a_stream_that_can_not_seek_is_read_up_to_the_damage(records, blocks):
    class Pipe(io.BytesIO):
        def seekable(self):
            return False

    data = records[0] + b"junk" + records[1]
    found = list(frames(io.BufferedReader(Pipe(data)), "x.warc"))

    assert [type(one).__name__ for one in found] == ["Frame", "Break"]
