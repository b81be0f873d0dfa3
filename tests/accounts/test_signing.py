"""Signing keys, against the Standard Webhooks specification and its own published example."""

import base64
import hashlib
import hmac

from dragon_framework.signing import OVERLAP_SECONDS, SigningKeys, callback_headers, new_keys, url_signatures


def test_the_published_example_of_the_specification_comes_out():
    # The example of the specification's reference libraries.
    keys = SigningKeys("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    headers = callback_headers(keys, "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', 1614265330)

    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_rotated_key_holds_for_a_day_beside_the_new_one():
    old, new = new_keys().key, new_keys().key
    keys = SigningKeys(new, old, rotated=1_000_000.0)

    during = callback_headers(keys, "msg_1", b"{}", int(1_000_000 + OVERLAP_SECONDS - 1))["webhook-signature"].split()
    after = callback_headers(keys, "msg_1", b"{}", int(1_000_000 + OVERLAP_SECONDS + 1))["webhook-signature"].split()

    assert (len(during), len(after)) == (2, 1)


def test_a_key_has_32_bytes_and_the_prefix_that_receivers_expect():
    shown = new_keys().shown

    assert shown.startswith("whsec_")
    assert len(base64.b64decode(shown.removeprefix("whsec_"))) == 32


def test_urls_are_signed_with_a_key_derived_from_the_account_s():
    keys = new_keys()
    derived = hmac.new(base64.b64decode(keys.key), b"dragon signed url", hashlib.sha256).digest()

    (signature,) = url_signatures(keys, "/v1/create_file/image.thumb?a=1")

    assert signature == hmac.new(derived, b"/v1/create_file/image.thumb?a=1", hashlib.sha256).hexdigest()
