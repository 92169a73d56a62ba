"""Pushes and fetches made by hand that mean harm, by what is wrong with them."""
# ruff: noqa: E501 - one input is one line of a table

import struct
import zlib

from tests.hostile.wire import NOTHING, blob, commit, entry, pack, packed, pkt, tree

BLOB = blob()
TREE = tree(("100644", b"a", BLOB.name))
COMMIT = commit(TREE.name)
HONEST = (BLOB, TREE, COMMIT)
LINK = blob(b"../../../etc/passwd")
BOMB_BYTES = 3 * 1024**3


def branch(name):
    return b"refs/heads/" + name


def push(*objects, name=b"trick", head=None, **options):
    """A push of one branch whose commit is the last object."""
    data = packed(*objects, **options)
    return lambda harbour: harbour.push([(NOTHING, head or objects[-1].name, branch(name))], data)


def push_raw(data, head=COMMIT.name, name=b"trick"):
    return lambda harbour: harbour.push([(NOTHING, head, branch(name))], data)


def rooted(*entries, objects=()):
    """A push of a commit whose tree has these entries."""
    made = tree(*entries)
    return push(BLOB, *objects, made, commit(made.name))


def ref(name):
    data = packed(*HONEST)
    return lambda harbour: harbour.push([(NOTHING, COMMIT.name, name)], data)


def bomb():
    """A blob of 3 GB of nothing, in a few MB: zlib's own thousandfold."""
    squeeze, block = zlib.compressobj(9), bytes(1024**2)
    made = b"".join(squeeze.compress(block) for _ in range(64)) + squeeze.flush(zlib.Z_FULL_FLUSH)
    return pack(entry(3, BOMB_BYTES, made))


def deltas():
    """A chain of deltas, each of which copies the one before many times over."""
    base = zlib.compress(bytes(65_536))
    copies = b"\xf0\xff\xff\x00" * 40
    size = b"\x80\x80\x04" + b"\x80\x80\xa0\x01"
    one = zlib.compress(size + copies)
    chain = [entry(7, len(size + copies), bytes.fromhex(blob(bytes(65_536)).name) + one)] * 8
    return pack(entry(3, 65_536, base), *chain)


TREES = {
    "git's own folder": (("40000", b".git", TREE.name),),
    "git's own folder in capitals": (("40000", b".GiT", TREE.name),),
    "git's own folder to a Mac": (("40000", ".g\u200cit".encode(), TREE.name),),
    "git's own folder to Windows": (("40000", b"git~1", TREE.name),),
    "git's own folder and a blank": (("40000", b".git ", TREE.name),),
    "a step up": (("40000", b"..", TREE.name),),
    "here": (("40000", b".", TREE.name),),
    "a path": (("100644", b"a/../../b", BLOB.name),),
    "an absolute path": (("100644", b"/etc/passwd", BLOB.name),),
    "no name": (("100644", b"", BLOB.name),),
    "two of a name": (("100644", b"a", BLOB.name), ("100644", b"a", BLOB.name)),
    "entries out of order": (("100644", b"b", BLOB.name), ("100644", b"a", BLOB.name)),
    "a blob of zeros": (("100644", b"a", NOTHING),),
    "a linked list of modules": (("120000", b".gitmodules", LINK.name),),
}
REFS = {
    "a climb": b"refs/heads/../../config", "a lock": b"refs/heads/x.lock", "a glob": b"refs/heads/*",
    "an option": b"refs/heads/--upload-pack=touch x", "a dash": b"refs/heads/-x",
    "a control character": b"refs/heads/a\x07b", "two dots": b"refs/heads/a..b",
    "no UTF-8": b"refs/heads/\xff\xfe", "a reflog": b"refs/heads/a@{1}", "4 kB": b"refs/heads/" + b"a" * 4096,
    "a place of ours": b"refs/towpath/queue/x", "hidden": b"refs/merge-requests/1/head",
    "HEAD": b"HEAD", "no place": b"config", "an absolute path": b"/etc/passwd",
    "a space": b"refs/heads/a b", "a backslash": b"refs/heads/a\\b", "a remote": b"refs/remotes/x/y",
    "notes": b"refs/notes/commits", "a replacement": b"refs/replace/" + b"1" * 40,
}  # fmt: skip
PACKS = {
    "a wrong checksum": packed(*HONEST, trailer=b"\0" * 20),
    "half of it": packed(*HONEST)[:-40],
    "no pack": b"",
    "no such version": packed(*HONEST, version=9),
    "four billion objects": packed(*HONEST, count=2**32 - 1),
    "one object too few": packed(*HONEST, count=2),
    "words": b"give me your objects",
    "an object of an unknown kind": pack(entry(5, 2, zlib.compress(b"x\n"))),
    "an object shorter than it says": pack(entry(3, 200, zlib.compress(b"x\n"))),
    "an object longer than it says": pack(entry(3, 1, zlib.compress(b"x\n" * 50))),
    "bytes that are no zlib": pack(entry(3, 20, b"no zlib at all, sorry")),
    "a delta of nothing we have": pack(entry(7, 5, b"\x11" * 20 + zlib.compress(b"\1\1\1a"))),
    "a delta of itself": pack(entry(6, 5, b"\0" + zlib.compress(b"\1\1\1a"))),
    "an offset before the begin": pack(entry(6, 5, b"\xff\xff\x7f" + zlib.compress(b"\1\1\1a"))),
    "a bomb of deltas": deltas(),
}
COMMITS = {
    "no author": push(BLOB, TREE, commit(TREE.name, author=b"")),
    "an author with a line break": push(BLOB, TREE, commit(TREE.name, author=b"A <a\nb> 1 +0000")),
    "a date beyond time": push(BLOB, TREE, commit(TREE.name, author=b"A <a@b> " + b"9" * 30 + b" +0000")),
    "NUL in the header": push(BLOB, TREE, commit(TREE.name, author=b"A\0 <a@b> 1 +0000")),
    "a tree that is not there": push(BLOB, commit("1" * 40)),
    "a parent that is not there": push(BLOB, TREE, commit(TREE.name, parents=["2" * 40])),
    "itself as a parent": push(BLOB, TREE, commit(TREE.name, parents=[COMMIT.name])),
    "a blob as a branch": push(BLOB),
    "a tree as a branch": push(BLOB, TREE),
    "an object that was not sent": push(BLOB, head="3" * 40),
}  # fmt: skip
LINES = {
    "a length that is no number": b"zzzz",
    "a length below four": b"0003",
    "a length of one": b"0001",
    "a line that ends early": b"00ff" + b"a" * 20,
    "the longest line of nothing": b"fff0" + b"a" * 65_516 + b"0000",
    "a line that is no command": pkt(b"please") + b"0000",
    "a name that is no hash": pkt(b"x" * 40 + b" " + b"y" * 40 + b" refs/heads/x\0report-status") + b"0000",
    "a deletion of main": pkt(NOTHING.encode() + b" " + NOTHING.encode() + b" refs/heads/main\0 report-status") + b"0000",
    "a shallow line of nothing": pkt(b"shallow " + b"4" * 40) + b"0000",
    "a certificate of lies": pkt(b"push-cert\0report-status") + pkt(b"certificate version 0.1\n") + pkt(b"push-cert-end\n") + b"0000",
    "nothing": b"0000",
}  # fmt: skip
FETCHES = {
    "a want of nothing we have": pkt(b"want " + b"5" * 40 + b"\n") + b"0000" + pkt(b"done\n"),
    "a want that is an option": pkt(b"want --upload-pack=touch x\n") + b"0000" + pkt(b"done\n"),
    "a want that is a ref": pkt(b"want refs/heads/main\n") + b"0000" + pkt(b"done\n"),
    "a million bytes of wants": pkt(b"want " + b"6" * 40 + b"\n") * 20_000 + b"0000",
    "a depth below nothing": pkt(b"want " + b"5" * 40 + b"\n") + pkt(b"deepen -1") + b"0000",
    "a filter that runs on": pkt(b"want " + b"5" * 40 + b" filter\n") + pkt(b"filter combine:" + b"tree:1+" * 2_000) + b"0000",
    "bytes": struct.pack(">I", 2**31) * 100,
    "a length that is no number": b"-001",
}  # fmt: skip
