import pytest

from towpath.kernel.errors import InvalidInput
from towpath.kernel.settings import Settings, load


def test_without_variables_the_defaults_hold():
    assert load({}) == Settings()


def test_each_kind_of_value_is_read():
    read = load(
        {
            "TOWPATH_SESSION_HOURS": "3",
            "TOWPATH_SECURE_COOKIES": "Yes",
            "TOWPATH_PUBLIC_URL": "https://towpath.example",
            "PATH": "/bin",
        }
    )
    assert (read.session_hours, read.secure_cookies) == (3, True)
    assert read.public_url == "https://towpath.example"


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("TOWPATH_SESSION_HOURS", "soon", "a whole number"),
        ("TOWPATH_SESSION_HOURS", "-1", "a whole number"),
        ("TOWPATH_SECURE_COOKIES", "maybe", "yes or no"),
    ],
)
def test_what_cannot_be_read_is_named_with_what_is_wanted(name, value, wanted):
    with pytest.raises(InvalidInput, match=f"{name} is '{value}'.*Set {name} to {wanted}"):
        load({name: value})
