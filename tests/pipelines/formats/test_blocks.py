"""Lists of blocks, also from those who mean no good."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pipelines.leaving import block_id, listing
from towpath.kernel.errors import InvalidInput, TooLarge
from towpath.pipelines.formats import blocks
from towpath.pipelines.model.results import MOST_BLOCKS


@given(st.lists(st.integers(0, 99_999_999), max_size=30))
def test_a_list_is_read_in_its_order(numbers):
    names = [block_id(number) for number in numbers]
    assert blocks.block_list(listing(*names)) == names


def test_forms_that_clients_send_are_read():
    name = block_id(1)
    for text in (
        f"<BlockList><Latest>{name}</Latest></BlockList>",
        f"\n<BlockList>\n  <Uncommitted>{name}</Uncommitted>\n</BlockList>\n",
        f'<?xml version="1.0"?><BlockList><Committed>{name}</Committed></BlockList>',
    ):
        assert blocks.block_list(text.encode()) == [name]
    assert blocks.block_list(b"<BlockList></BlockList>") == []


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"\xff",
        b"{}",
        b"<BlockList>words</BlockList>",
        b"<BlockList><Latest>../x</Latest></BlockList>",
        b"<BlockList><Latest>a</Uncommitted></BlockList>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><BlockList><Latest>&b;</Latest></BlockList>',
        b"<BlockList><Latest>" + b"A" * 200 + b"</Latest></BlockList>",
    ],
)
def test_anything_beyond_the_plain_list_is_refused(source):
    with pytest.raises(InvalidInput):
        blocks.block_list(source)


def test_more_blocks_than_allowed_are_refused():
    with pytest.raises(TooLarge, match="blocks"):
        blocks.block_list(listing(*[block_id(1)] * (MOST_BLOCKS + 1)))


@pytest.mark.parametrize("name", ["", "a", "a b", "..", "ü", base64.b64encode(b"x" * 65).decode()])
def test_ids_that_are_not_base64_of_64_bytes_are_refused(name):
    with pytest.raises(InvalidInput, match="id of a block"):
        blocks.block_name(name)
