"""The forms in which Junos shows secrets: known answers, and every secret comes back."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ggi_net.config.juniper import behind, decode_9, encode_9, hash_6, shows


def test_a_known_string_is_decoded():
    assert decode_9("$9$LbHX-wg4Z") == "lc"


@given(st.text(min_size=1, max_size=60))
def test_every_secret_comes_back(secret):
    assert decode_9(encode_9(secret)) == secret


@pytest.mark.parametrize("other", ["", "lc", "$9$", "$9$ab cd", "$9$LbHX-wg4", "$6$salt$hash", "$9$é"])
def test_what_is_no_such_string_is_none(other):
    assert decode_9(other) is None


@pytest.mark.parametrize(
    "secret", ["x", "geheim", "a longer secret of more than sixty-four bytes, which goes twice round" * 2]
)
def test_the_hash_is_that_of_openssl(secret):
    expected = subprocess.run(
        ["openssl", "passwd", "-6", "-salt", "saltsalt", secret], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert hash_6(secret, "saltsalt") == expected


def test_two_hashes_of_one_secret_differ_and_both_show_it():
    one, other = hash_6("geheim"), hash_6("geheim")
    assert one != other
    assert shows(one, "geheim")
    assert shows(other, "geheim")
    assert not shows(one, "Geheim")


def test_what_stands_behind_a_form():
    assert behind(encode_9("geheim"), set()) == "geheim"
    assert behind(hash_6("geheim"), {"ander", "geheim"}) == "geheim"
    assert behind(hash_6("geheim", "salt"), {"ander"}) == hash_6("geheim", "salt")
    assert behind("$8$aes256-gcm$x", {"geheim"}) == "geheim"
    assert behind("geheim", set()) == "geheim"
