"""Secret values are hidden in every form in which they may be told."""

import base64
import json
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragon_framework.concealing import Concealer, conceal_urls
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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://user:password@host/a/b.jpg?sig=SECRET#SECRET", "https://…@host/a/b.jpg?…"),
        (
            "cannot read s3://key:SECRET@bucket/x, nor ftp://h/y?a=SECRET .",
            "cannot read s3://…@bucket/x, nor ftp://h/y?… .",
        ),
        ("http:/user:SECRET@host/", "http:/…@host/"),  # mistyped
        ("https://host/a?x='\"<SECRET>", "https://host/a?…"),  # characters that no URL has
        ('<image src="https://host/a?sig=SECRET"/><b>', '<image src="https://host/a?…"/><b>'),
        ("https://host/@me/x.jpg is refused: not 3:4", "https://host/@me/x.jpg is refused: not 3:4"),
        ("https://h/a could not? be read: b", "https://h/a could not? be read: b"),
        ("data:image/png;base64," + "A" * 100, "data:image/png;base64," + "A" * 23 + "…"),
    ],
)
def test_urls_lose_what_may_be_a_credential_wherever_they_stand(text, shown):
    assert conceal_urls(text) == shown
    assert conceal_urls({"a": [text, 1, None]}) == {"a": [shown, 1, None]}
