"""What errors show of the URLs that clients sent."""

import pytest

from dragon_framework.errors import public_url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:password@host.example/a.png?token=x#y", "https://host.example/a.png"),
        ("//u:password@host.example/a", "//host.example/a"),
        ("http:/u:password@host.example/a", "http:///host.example/a"),
        ("http:u:password@host.example/a", "http:///host.example/a"),
        ("http://u:password@[/", "[/"),
        ("my@photo.jpg", "my@photo.jpg"),
    ],
)
def test_credentials_in_a_url_are_not_shown(url, shown):
    assert public_url(url) == shown
