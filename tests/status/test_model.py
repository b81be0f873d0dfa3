"""Keys and status objects look as the v1 reference shows them."""

import re
from datetime import datetime, timedelta

from dragon_framework.keys import KEY, new_key
from dragon_framework.status.model import (
    ErrorFacts,
    Events,
    Status,
    decode_status,
    encode_status,
    is_final,
    now,
)


def test_a_key_is_26_characters_of_base32_and_never_repeats():
    keys = {new_key() for _ in range(1000)}

    assert len(keys) == 1000
    assert all(KEY.fullmatch(key) for key in keys)


def test_the_reference_samples_are_keys():
    for key in ("5OYA5JQVFIAHYOMLQG5QV3U33M", "6GRQ3H5EHU7GXUTIOSS2GUDPGQ", "QJZTXA3LNZKQ6X4RPGQ5EHRSMI"):
        assert KEY.fullmatch(key)


def test_times_are_iso_8601_with_microseconds_and_utc_offset():
    """The form of `2013-04-03T15:47:27.707526+00:00` in the v1 reference."""
    text = now()

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00", text)
    assert datetime.fromisoformat(text).utcoffset() == timedelta(0)


def test_a_queued_status_has_the_fields_of_the_reference_and_no_others():
    status = Status("queued", "6GRQ3H5EHU7GXUTIOSS2GUDPGQ", Events(queued="2013-04-03T15:47:27.703674+00:00"))

    assert encode_status(status) == (
        b'{"status":"queued","key":"6GRQ3H5EHU7GXUTIOSS2GUDPGQ","events":{"queued":"2013-04-03T15:47:27.703674+00:00"}}'
    )


def test_the_state_stands_in_bytes_11_and_12():
    """What the scripts in Redis rely on."""
    for state in ("queued", "executing", "success", "error"):
        blob = encode_status(Status(state, new_key(), Events()))

        assert blob[11:13].decode() == state[:2]
        assert is_final(blob) == (state in {"success", "error"})
        assert decode_status(blob).final == is_final(blob)


def test_an_error_status_shows_null_progress_details_and_a_code():
    blob = encode_status(
        Status("error", new_key(), Events(), progress=None, result="no", error=ErrorFacts("source_error", True))
    )

    status = decode_status(blob)

    assert status.progress is None
    assert status.result == "no"
    assert status.error == ErrorFacts("source_error", True)
