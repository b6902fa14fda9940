"""What is sealed opens for one key at one place, and for nothing else."""

import hmac
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from campaigns.lib import crypto
from campaigns.lib.crypto import Unreadable

PLACE = crypto.place_of(person="p1", table="t", row="r1", column="value")


@limits(deadline=None, max_examples=50)
@given(st.text())
def test_what_was_sealed_is_read_again(text: str) -> None:
    key = crypto.new_key()
    assert crypto.unseal(crypto.seal(text, key=key, place=PLACE), key=key, place=PLACE) == text


def test_the_same_text_is_never_sealed_alike() -> None:
    key = crypto.new_key()
    assert crypto.seal("13800000000", key=key, place=PLACE) != crypto.seal(
        "13800000000", key=key, place=PLACE
    )


@pytest.mark.parametrize(
    "other",
    [
        {"person": "p2", "table": "t", "row": "r1", "column": "value"},
        {"person": "p1", "table": "u", "row": "r1", "column": "value"},
        {"person": "p1", "table": "t", "row": "r2", "column": "value"},
        {"person": "p1", "table": "t", "row": "r1", "column": "name"},
    ],
)
def test_a_ciphertext_moved_elsewhere_is_unreadable(other: dict[str, str]) -> None:
    key = crypto.new_key()
    sealed = crypto.seal("13800000000", key=key, place=PLACE)
    with pytest.raises(Unreadable):
        crypto.unseal(sealed, key=key, place=crypto.place_of(**other))


def test_another_key_or_a_changed_byte_is_unreadable() -> None:
    key = crypto.new_key()
    sealed = crypto.seal("13800000000", key=key, place=PLACE)
    with pytest.raises(Unreadable):
        crypto.unseal(sealed, key=crypto.new_key(), place=PLACE)
    for at in range(len(sealed)):
        changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(Unreadable):
            crypto.unseal(changed, key=key, place=PLACE)
    for cut in (b"", sealed[:10], sealed[:-1]):
        with pytest.raises(Unreadable):
            crypto.unseal(cut, key=key, place=PLACE)


def test_a_wrapped_key_opens_for_its_person_under_its_installation_only(settings: Any) -> None:
    key = crypto.new_key()
    wrapped = crypto.wrap_key(key, person="p1")
    assert crypto.unwrap_key(wrapped, person="p1") == key
    with pytest.raises(Unreadable):
        crypto.unwrap_key(wrapped, person="p2")
    settings.DATA_KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    with pytest.raises(Unreadable):
        crypto.unwrap_key(wrapped, person="p1")


def test_a_look_up_needs_the_installations_key(settings: Any) -> None:
    first = crypto.lookup_of("phone", "13800000000")
    assert first == crypto.lookup_of("phone", "13800000000")
    assert first != crypto.lookup_of("number", "13800000000")
    settings.DATA_KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    assert first != crypto.lookup_of("phone", "13800000000")


@pytest.mark.parametrize("key", ["", "short", "not base64 at all, by far!", "MDEyMzQ1Njc4OWFiY2RlZg=="])
def test_an_installation_without_a_good_key_does_not_start_to_seal(key: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATA_KEY"):
        crypto.check_key(key)


@limits(deadline=None, max_examples=100)
@given(st.binary(max_size=64), st.lists(st.binary(max_size=200), max_size=4))
def test_a_hash_of_many_is_the_hash_of_each(key: bytes, messages: list[bytes]) -> None:
    digest = crypto.keyed(key)
    assert [digest(each) for each in messages] == [hmac.digest(key, each, "sha256") for each in messages]
