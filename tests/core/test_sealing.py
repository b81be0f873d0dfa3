"""Sealed credentials, opened here by the documented recipe and nothing of ours."""

import base64
import hashlib
import hmac
import json
import stat
import threading
from typing import Annotated

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Meta

from dragon_framework import Parameters
from dragon_framework.errors import SecretsUnreadableError, SettingsError
from dragon_framework.fields import Secret
from dragon_framework.sealing import Sealer, secret_fields
from dragon_framework.settings import Settings

KEY = base64.b64encode(bytes(range(32))).decode()
CANARY = "canary-token-é-41f7"


class Pair(msgspec.Struct, frozen=True):
    name: str
    token: Secret


class Given(Parameters, frozen=True, kw_only=True):
    title: str = "t"
    token: Annotated[Secret | None, Meta(description="One.")] = None
    more: tuple[Pair, ...] = ()


def sealer(**settings):
    return Sealer(Settings(**settings))


def test_what_is_sealed_is_aes_256_gcm_under_a_key_for_the_task():
    shown, sealed = sealer(secret_key=KEY).seal("task1", "a.b", Given(token=CANARY))

    blob = base64.b64decode(sealed.removesuffix("~"), validate=True)
    key = hmac.new(bytes(range(32)), b"dragon sealed parameters" + b"task1", hashlib.sha256).digest()
    assert json.loads(AESGCM(key).decrypt(blob[:12], blob[12:], b"a.b"))["token"] == CANARY
    assert json.loads(shown) == {"title": "t", "token": "…", "more": "…"}


def test_a_field_that_holds_credentials_deep_inside_is_sealed_whole():
    assert secret_fields(Given) == {"token", "more"}

    shown, sealed = sealer(secret_key=KEY).seal("k", "a.b", Given(more=(Pair("x", CANARY),)))
    opened = sealer(secret_key=KEY).open("k", "a.b", msgspec.Raw(shown), sealed)

    assert "canary" not in shown.decode()
    assert json.loads(bytes(opened))["more"] == [{"name": "x", "token": CANARY}]


def test_equal_credentials_are_sealed_differently():
    ours = sealer(secret_key=KEY)

    assert ours.seal("k", "a.b", Given(token=CANARY))[1] != ours.seal("k", "a.b", Given(token=CANARY))[1]


@pytest.mark.parametrize("wrong", ["task", "name", "key", "bit", "cut", "text"])
def test_what_is_not_exactly_what_was_sealed_is_refused_without_a_word_of_it(wrong):
    shown, sealed = sealer(secret_key=KEY).seal("k", "a.b", Given(token=CANARY))
    blob = bytearray(base64.b64decode(sealed[:-1]))
    blob[20] ^= wrong == "bit"
    text = {"cut": sealed[:8] + "~", "text": "é"}.get(wrong, base64.b64encode(blob).decode() + "~")
    other = base64.b64encode(bytes(32)).decode() if wrong == "key" else KEY

    with pytest.raises(SecretsUnreadableError) as caught:
        sealer(secret_key=other).open(
            "other" if wrong == "task" else "k", "a.c" if wrong == "name" else "a.b", msgspec.Raw(shown), text
        )
    assert "canary" not in str(caught.value)


def test_the_key_file_is_made_once_for_its_owner_alone_and_shared(tmp_path):
    made = [sealer(data_dir=str(tmp_path / "data")) for _ in range(8)]
    sealed = [None] * 8

    def seal(number):
        sealed[number] = made[number].seal("k", "a.b", Given(token=CANARY))

    threads = [threading.Thread(target=seal, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    file = tmp_path / "data" / "secrets.key"
    assert [path.name for path in file.parent.iterdir()] == ["secrets.key"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(base64.b64decode(file.read_text())) == 32
    for shown, text in sealed:
        opened = sealer(data_dir=str(tmp_path / "data")).open("k", "a.b", msgspec.Raw(shown), text)
        assert json.loads(bytes(opened))["token"] == CANARY


def test_a_worker_without_the_key_makes_none(tmp_path):
    shown, sealed = sealer(secret_key=KEY).seal("k", "a.b", Given(token=CANARY))

    with pytest.raises(SecretsUnreadableError):
        sealer(data_dir=str(tmp_path)).open("k", "a.b", msgspec.Raw(shown), sealed)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["short-canary", base64.b64encode(bytes(31)).decode(), "é" * 44])
def test_a_setting_that_is_no_key_is_refused_and_not_repeated(text):
    with pytest.raises(SettingsError) as caught:
        sealer(secret_key=text)
    assert text not in str(caught.value)
