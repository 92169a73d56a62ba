from towpath.kernel.access import passwords


def test_only_the_right_password_matches():
    kept = passwords.hashed("correct horse battery")
    assert kept.startswith("$argon2id$")
    assert "correct" not in kept
    assert passwords.matches(kept, "correct horse battery")
    assert not passwords.matches(kept, "correct horse batter")


def test_nobody_matches_nothing_not_even_the_stand_in():
    assert not passwords.matches(None, "")
    assert not passwords.matches(None, "nobody has this password")


def test_what_is_no_hash_matches_nothing():
    assert not passwords.matches("plain", "plain")


def test_at_most_two_passwords_are_hashed_at_a_time():
    assert passwords.HASHING.total_tokens == 2
