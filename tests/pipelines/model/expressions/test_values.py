"""What the official vectors do not say of values."""

import math
import operator

import pytest

from towpath.pipelines.model.expressions.values import equal, folded, lookup, number, ordered, text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1e21, "1e+21"), (1.5e-9, "1.5e-9"), (123456789012345680.0, "123456789012345680"),
        (-0.0, "0"), (1e-7, "1e-7"), (1e-6, "0.000001"), (0.1 + 0.2, "0.3"), (1e-16, "0"),
        (math.nan, "NaN"), ([1], "Array"), ({}, "Object"),
    ],
)  # fmt: skip
def test_numbers_and_containers_have_one_text(value, shown):
    assert text(value) == shown


def test_text_with_underscores_or_other_digits_is_no_number():
    assert math.isnan(number("1_000"))
    assert math.isnan(number("٣"))


def test_a_property_is_found_without_case_but_the_exact_one_wins():
    assert lookup({"A": 1, "a": 2}, "a") == 2
    assert lookup({"KEY": 1}, "key") == 1


def test_a_container_equals_only_itself():
    one = []
    assert equal(one, one)
    assert not equal(one, [])


def test_the_dotless_i_is_not_an_i():
    assert folded("\u0131") != folded("i")


def test_numbers_are_read_as_ecmascript_reads_them():
    read = {
        "0X1f": 31,
        "0O17": 15,
        "0b11": 3,
        "\ufeff 7\u00a0": 7,
        "5.": 5,
        "0x" + "f" * 300: math.inf,
    }
    assert {text: number(text) for text in read} == read
    assert all(math.isnan(number(text)) for text in ("infinity", "-0x1", "\x1c7", "1 2"))


def test_text_is_ordered_by_units_of_utf_16():
    assert ordered("\uff21", "\U0001f6a3", operator.gt)
