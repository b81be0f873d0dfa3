"""Secret values are hidden in every form in which they may be told."""

import base64
import json
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragon_framework.concealing import Concealer
from dragon_framework.fields import Secret
from dragon_framework.sealing import secrets_of
from dragon_framework.tasks import Parameters

SECRET = 'ya29/tök en+"x"&=\\'


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        urlencode({"access_token": SECRET}).partition("=")[2],
        json.dumps(SECRET)[1:-1],
        base64.b64encode(SECRET.encode()).decode().rstrip("=")[:-1],
    ],
)
def test_a_value_is_hidden_in_each_form(text):
    hidden = Concealer([SECRET])(f"before {text} behind")

    assert hidden.startswith("before …")
    assert hidden.endswith(" behind")
    assert text[4:] not in hidden


@given(st.binary(max_size=5), st.binary(max_size=5))
def test_it_is_hidden_in_base64_wherever_it_begins(before, behind):
    """Four letters stand for three bytes (RFC 4648): of 24 bytes at least 28 letters are theirs alone."""
    secret = "a-secret-of-24-letters-!"
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = encode(before + secret.encode() + behind).decode()

        assert len(Concealer([secret])(text)) <= len(text) - 28 + 1


def test_lists_and_objects_are_searched_and_short_values_left():
    conceal = Concealer(["secret-1", "ab"])

    assert conceal({"a secret-1": ["x", {"y": "secret-1ab"}], "n": 1}) == {"a …": ["x", {"y": "…ab"}], "n": 1}


def test_a_longer_secret_is_hidden_whole_though_it_begins_with_another():
    assert Concealer(["secret", "secret-and-more"])("secret-and-more") == "…"


def test_the_secrets_of_parameters_are_found_where_they_lie():
    class Login(Parameters, frozen=True, kw_only=True):
        user: str
        token: Secret
        spare: Secret | None = None
        more: list[Secret]
        named: dict[str, Secret]

    parameters = Login(user="me", token="one", more=["two"], named={"a": "three"})

    assert sorted(secrets_of(parameters)) == ["one", "three", "two"]
