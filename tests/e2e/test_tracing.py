"""The reader of traces keeps calls of several threads apart and believes only what completed."""

from tests.e2e import tracing

WAL = "/d/towpath.db-wal"
WRITE = f'7 pwrite64(5<{WAL}>, "row", 4096, 32) = 4096'
SYNC = f"7 fdatasync(5<{WAL}>) = 0"
ANSWER = '8 sendto(9<socket:[12]>, "HTTP/1.1 201 Created", 20, 0, NULL, 0) = 20'


def durable(tmp_path, *lines):
    trace = tmp_path / "trace"
    trace.write_text("\n".join(lines))
    seen = tracing.calls(trace)
    write, answer = tracing.written(seen, "row", file="-wal")[-1], tracing.sent(seen, "201")
    return tracing.synced_between(seen, "-wal", write, answer)


def test_a_sync_between_write_and_answer_counts(tmp_path):
    assert durable(tmp_path, WRITE, SYNC, ANSWER)


def test_a_sync_before_the_write_or_after_the_answer_does_not_count(tmp_path):
    assert not durable(tmp_path, SYNC, WRITE, ANSWER)
    assert not durable(tmp_path, WRITE, ANSWER, SYNC)


def test_a_sync_that_ends_after_the_answer_does_not_count(tmp_path):
    begun, ended = f"7 fdatasync(5<{WAL}> <unfinished ...>", "7 <... fdatasync resumed>) = 0"
    assert durable(tmp_path, WRITE, begun, ended, ANSWER)
    assert not durable(tmp_path, WRITE, begun, ANSWER, ended)


def test_a_sync_of_another_file_or_that_failed_does_not_count(tmp_path):
    assert not durable(tmp_path, WRITE, "7 fdatasync(5</d/other>) = 0", ANSWER)
    assert not durable(tmp_path, WRITE, f"7 fdatasync(5<{WAL}>) = -1 EIO (Input)", ANSWER)


def test_a_sync_begun_before_the_write_ended_does_not_count(tmp_path):
    begun = f'7 pwrite64(5<{WAL}>, "row", 4096, 32 <unfinished ...>'
    sync = f"6 fdatasync(5<{WAL}>) = 0"
    assert not durable(tmp_path, begun, sync, "7 <... pwrite64 resumed>) = 4096", ANSWER)
