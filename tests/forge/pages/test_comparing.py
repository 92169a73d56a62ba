"""Large changes stay readable and cheap: pages of files, one file alone, words for the rest."""

import os
import re
import resource
import time

import pytest

from tests.forge.pages.test_requests import ONE

BOAT = "/alice/boat"
MANY = 5_000
BIG_LINE = b"%08d the quick brown fox jumps over the lazy dog and swims in the canal\n"
BIG = 50_000_000
MAIN = b"refs/heads/main"
MOST_CPU_SECONDS = 5  # a page takes well under one; a slow machine may be slow
MOST_GROWTH_KB = 200_000


def blob(mark, data):
    return b"blob\nmark :%d\ndata %d\n%s\n" % (mark, len(data), data)


def commit(branch, message, changes, start=None):
    told = b"".join(b"M 100644 :%d %s\n" % (mark, path) for path, mark in changes)
    begin = b"from %s\n" % start if start else b""
    head = b"commit refs/heads/%s\ncommitter A <a@example.test> 1700000000 +0000\n" % branch
    return head + b"data %d\n%s\n" % (len(message), message) + begin + told + b"\n"


def load(hosted, *stream):
    """Write commits straight into the repository, as fast as git can."""
    given = hosted.copy.path / "stream"
    given.write_bytes(b"".join(stream))
    with given.open() as stdin:
        command = ("git", "-c", "core.compression=0", f"--git-dir={hosted.path}")
        done = os.posix_spawnp(
            "git",
            [*command, "fast-import", "--quiet", "--force"],
            os.environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, stdin.fileno(), 0)],
        )
        assert os.waitpid(done, 0)[1] == 0
    given.unlink()
    hosted.sync()


def spent():
    """CPU seconds of this process, in which the server runs, and of every git it waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def peak_kb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.fixture
def many(hosted):
    """A merge request that changes one line in each of 5,000 files."""

    def text(number, word):
        lines = (b"line %d of file %d\n" % (line, number) for line in range(40))
        return b"".join(word if line.startswith(b"line 20 ") else line for line in lines)

    numbers = range(MANY)
    paths = [b"d%02d/f%04d.txt" % (number // 100, number) for number in numbers]
    load(
        hosted,
        *(blob(number + 1, text(number, b"before\n")) for number in numbers),
        *(blob(MANY + number + 1, text(number, b"after\n")) for number in numbers),
        commit(b"main", b"many", zip(paths, range(1, MANY + 1), strict=True)),
        commit(
            b"topic",
            b"all",
            zip(paths, range(MANY + 1, 2 * MANY + 1), strict=True),
            b"refs/heads/main",
        ),
    )
    return hosted.open()


def test_changes_of_5000_files_are_read_page_by_page_and_stay_cheap(see, many):
    see(f"{ONE}/talk")  # what is made once is made
    before, memory = spent(), peak_kb()
    page = see(ONE)
    assert spent() - before < MOST_CPU_SECONDS
    assert peak_kb() - memory < MOST_GROWTH_KB
    assert len(page) < 1_500_000
    assert "5000 files changed" in page
    assert "+5000 " in page
    assert "Files 1 to 100 of 5000" in page
    assert page.count("+after") == 100
    assert 'href="#file-100"' in page
    assert f'rel="next" href="{ONE}?files=100#changes"' in page

    last = see(f"{ONE}?files=4950")
    assert "Files 4951 to 5000 of 5000" in last
    assert last.count("+after") == 50
    assert 'rel="next"' not in last
    assert f'rel="prev" href="{ONE}?files=4850#changes"' in last
    assert "+after" in see(f"{ONE}/files/d49/f4999.txt")
    address = f"{BOAT}/commit/{many.head}"
    assert f'rel="next" href="{address}?files=100#changes"' in see(address)
    assert "+after" in see(f"{address}/files/d00/f0007.txt")


@pytest.mark.slow
def test_a_file_of_50_mb_costs_little_and_says_what_to_do(see, hosted):
    big = b"".join(BIG_LINE % number for number in range(BIG // len(BIG_LINE % 0)))
    middle = big[: 70_000 * len(BIG_LINE % 0)]
    load(
        hosted,
        *(blob(1, big), blob(2, big + b"more\n"), blob(3, middle), blob(4, middle + b"more\n")),
        commit(b"main", b"big", [(b"big", 1), (b"middle", 3)]),
        commit(b"topic", b"bigger", [(b"big", 2), (b"middle", 4)], MAIN),
    )
    head = hosted.open().head
    del big, middle
    before, memory = spent(), peak_kb()
    page = see(ONE)
    alone = see(f"{ONE}/files/big")
    read = see(f"{ONE}/files/middle")
    assert spent() - before < 2 * MOST_CPU_SECONDS
    assert peak_kb() - memory < MOST_GROWTH_KB
    assert "Too large to compare on a page: 50.0 MB, before 50.0 MB" in alone
    assert f'href="{BOAT}/blob/{head}/big"' in alone
    assert "A large file: 5.3 MB, before 5.3 MB" in page
    assert (page.count("Show this file"), alone.count("Show this file")) == (1, 0)
    assert "+more" in read
    assert "+1" in read


@pytest.fixture
def every(hosted):
    """One of each kind of change."""
    copy = hosted.copy
    (copy.path / "run").write_text("x\n")
    (copy.path / "link").write_text("x\n")
    copy.commit("before", **{"old": "same\n" * 30, "p.png": b"\x89PNG\0", "end": "a\n"})
    hosted.put("main")
    copy.git("checkout", "--quiet", "-B", "topic", "main")
    copy.git("mv", "old", "new")
    (copy.path / "run").chmod(0o755)
    (copy.path / "link").unlink()
    (copy.path / "link").symlink_to("run")
    (copy.path / os.fsdecode(b"caf\xe9")).write_text("odd one\n")
    copy.commit("after", **{"p.png": b"\x89PNG\0\0", "end": "a", "empty": "", "wide": "y" * 3_000})
    copy.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},module")
    copy.git("commit", "--quiet", "--amend", "--message", "after")
    head = hosted.put("topic")
    hosted.sync()
    hosted.open()
    return head


def test_what_are_no_lines_is_said_in_words(see, hosted, every):
    page = see(ONE)
    for words in (
        "renamed from <code>old</code>",
        "Only its name changed.",
        "made executable",
        "Only its mode changed.",
        "was a file, is a link",
        "new submodule",
        f'Another repository at <code class="sha" title="{"1" * 40}">',
        "Not text: 6 B, before 5 B.",
        f'<img src="{BOAT}/raw/{every}/p.png" alt="Now"',
        "No newline at the end of the file",
        "The file is empty.",
        "… 2000 more characters",
    ):
        assert words in page


def test_a_name_that_is_no_text_leads_to_its_file(see, hosted, every):
    assert "odd one" in see(f"{BOAT}/commit/{every}/files/caf%E9")


def test_one_file_alone_takes_remarks_on_its_lines(see, send, boat):
    head = boat.branch("long", long="line\n" * 2_000)
    boat.sync()
    boat.open("long")
    one = f"{ONE}/files/long"
    form = see(f"{one}?ask=new:1500:long")
    assert "About line 1500" in form
    about = {"path": "long", "side": "new", "line": 1500, "commit": head, "body": "**Why?**"}
    (thread,) = re.findall(r"#(.*)", send(f"{ONE}/threads", **about).headers["location"])
    assert f'href="{one}#{thread}"' in see(ONE)
    assert "<strong>Why?</strong>" in see(one)


@pytest.mark.parametrize(
    ("path", "status"), [("none", 404), ("../x", 404), ("%2e%2e/x", 422), ("a%00b", 422)]
)
def test_a_file_that_did_not_change_or_no_path_is_told(served, change, path, status):
    answer = served.call("GET", f"{ONE}/files/{path}", headers={"Accept": "text/html"})
    assert answer.status_code == status
    assert "Traceback" not in answer.text
