"""Credentials among the parameters of tasks, sealed while they lie in Redis.

What is sealed is each parameter that is a `fields.Secret`, or that holds one; the definition
in Redis shows `…` in its place. Workers open it just before the task runs, and it is wiped
when the task ends. All machines of a service need one key: the setting `secret_key`, or the
file `secrets.key` in a data directory that they share, made by the first who seals.

    key of a task = HMAC-SHA256(secret_key, "dragon sealed parameters" + task key)
    sealed        = base64(nonce + AES-256-GCM(JSON of the credentials)) + "~"

The task's name is authenticated with it, and the nonce has 12 random bytes (NIST SP 800-38D);
a key for each task keeps it far from that standard's 2^32 messages under one key. The `~` at
the end lets Redis see what has to be wiped without reading a whole definition. `cryptography`
is loaded when something is sealed or opened for the first time.
"""

import base64
import contextlib
import hashlib
import hmac
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from dragon_framework.errors import SecretsUnreadableError, SettingsError
from dragon_framework.settings import Settings
from dragon_framework.shapes import Shape, fields_of
from dragon_framework.tasks import Parameters

FILE = "secrets.key"
KEY_BYTES = 32
NONCE_BYTES = 12
HIDDEN = "…"
"""Stands in the place of a credential."""

_END = "~"
_SEALED = b"dragon sealed parameters"
_DIGESTS = b"dragon digests"
_STATE = b"\0state"
"""What is authenticated with a state; no task has such a name."""


@lru_cache(maxsize=4096)
def secret_fields(struct: Any) -> frozenset[str]:
    """Return the names of the parameters that are credentials, or hold some."""
    return frozenset(field.name for field in fields_of(struct) if _holds_secret(field.shape))


def _holds_secret(shape: Shape, seen: tuple[Any, ...] = ()) -> bool:
    if shape.secret or any(_holds_secret(part, seen) for part in (*shape.items, *shape.members) if part is not shape):
        return True
    if shape.struct is None or shape.struct in seen:
        return False
    return any(_holds_secret(field.shape, (*seen, shape.struct)) for field in fields_of(shape.struct))


def secrets_of(parameters: Parameters) -> list[str]:
    """Return the values of all parameters that are credentials, empty ones left out."""
    held = secret_fields(type(parameters))
    if not held:
        return []
    values = msgspec.to_builtins(parameters)
    shapes = {field.name: field.shape for field in fields_of(type(parameters))}
    return [text for name in held for text in _secrets_in(shapes[name], values.get(name)) if text]


def _secrets_in(shape: Shape, value: Any, *, inside: bool = False) -> Iterator[str]:
    inside = inside or shape.secret
    if isinstance(value, str):
        if inside or any(member.secret for member in shape.members):
            yield value
        return
    parts = [part for part in (*shape.items, *shape.members) if part is not shape]
    if isinstance(value, list):
        for item in value:
            for part in parts:
                yield from _secrets_in(part, item, inside=inside)
    elif isinstance(value, dict):
        known = {field.name: field.shape for field in fields_of(shape.struct)} if shape.struct is not None else {}
        for name, item in value.items():
            for part in [known[name]] if name in known else parts:
                yield from _secrets_in(part, item, inside=inside)
        if shape.struct is None:
            for part in shape.members:
                yield from _secrets_in(part, value, inside=inside)


class Sealer:
    """Seals and opens the credentials of tasks under the key of this service.

    Raises:
        SettingsError: If the setting `secret_key` is no key.
    """

    def __init__(self, settings: Settings) -> None:
        self._file = settings.data_path / FILE
        self._key = _decoded(settings.secret_key, "secret_key") if settings.secret_key else b""

    def seal(self, key: str, task_name: str, parameters: Parameters) -> tuple[bytes, str]:
        """Return the parameters as JSON without their credentials, and these, sealed; empty if there are none.

        Args:
            key: The task's key.
            task_name: Its name.
            parameters: What the client gave.

        Raises:
            SettingsError: If there is no key and none can be made.
        """
        values: dict[str, Any] = msgspec.to_builtins(parameters)
        held = secret_fields(type(parameters))
        secrets = {name: value for name, value in values.items() if name in held and value is not None}
        if not secrets:
            return msgspec.json.encode(values), ""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # only where it is needed

        nonce = os.urandom(NONCE_BYTES)
        cipher = AESGCM(_task_key(self._key_made(), key))
        sealed = nonce + cipher.encrypt(nonce, msgspec.json.encode(secrets), task_name.encode())
        shown = msgspec.json.encode(values | dict.fromkeys(secrets, HIDDEN))
        return shown, base64.b64encode(sealed).decode() + _END

    def open(self, key: str, task_name: str, parameters: msgspec.Raw, sealed: str) -> msgspec.Raw:
        """Return the parameters as the client gave them.

        Raises:
            SecretsUnreadableError: If they were sealed under another key or for another task, or were changed.
        """
        from cryptography.exceptions import InvalidTag  # only where it is needed
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            blob = base64.b64decode(sealed.removesuffix(_END), validate=True)
            cipher = AESGCM(_task_key(self._key_known(), key))
            secrets = cipher.decrypt(blob[:NONCE_BYTES], blob[NONCE_BYTES:], task_name.encode())
        except (InvalidTag, ValueError, OSError, SettingsError):
            raise SecretsUnreadableError from None
        return msgspec.Raw(msgspec.json.encode(msgspec.json.decode(parameters) | msgspec.json.decode(secrets)))

    def seal_state(self, key: str, state: bytes) -> str:
        """Return what a task keeps for its next run, sealed.

        Raises:
            SettingsError: If there is no key and none can be made.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # only where it is needed

        nonce = os.urandom(NONCE_BYTES)
        cipher = AESGCM(_task_key(self._key_made(), key))
        return base64.b64encode(nonce + cipher.encrypt(nonce, state, _STATE)).decode()

    def open_state(self, key: str, sealed: bytes) -> bytes:
        """Return what a task has kept.

        Raises:
            SecretsUnreadableError: If it was sealed under another key or for another task, or was changed.
        """
        from cryptography.exceptions import InvalidTag  # only where it is needed
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            blob = base64.b64decode(sealed, validate=True)
            cipher = AESGCM(_task_key(self._key_known(), key))
            return cipher.decrypt(blob[:NONCE_BYTES], blob[NONCE_BYTES:], _STATE)
        except (InvalidTag, ValueError, OSError, SettingsError):
            raise SecretsUnreadableError from None

    def digest(self, text: bytes) -> str:
        """Return a digest of *text*, which holds credentials: who has not the key cannot try what they are."""
        key = hmac.digest(self._key_made(), _DIGESTS, hashlib.sha256)
        return hmac.new(key, text, hashlib.sha256).hexdigest()

    def _key_known(self) -> bytes:
        if not self._key:
            self._key = _decoded(self._file.read_text(encoding="ascii"), str(self._file))
        return self._key

    def _key_made(self) -> bytes:
        try:
            if not self._key and not self._file.exists():
                _make(self._file)
            return self._key_known()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(
                str(self._file), f"the key for secrets cannot be kept ({type(error).__name__})"
            ) from None


def _task_key(key: bytes, task: str) -> bytes:
    return hmac.digest(key, _SEALED + task.encode(), hashlib.sha256)


def _decoded(text: str, name: str) -> bytes:
    """Return the key that *text* is; an error does not repeat it."""
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise SettingsError(name, f"must be {KEY_BYTES} random bytes as base64 (`openssl rand -base64 {KEY_BYTES}`)")
    return key


def _make(file: Path) -> None:
    """Write a fresh key, whole and for its owner alone, unless another process was first."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.{os.urandom(8).hex()}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as opened:
            opened.write(base64.b64encode(os.urandom(KEY_BYTES)).decode() + "\n")
            opened.flush()
            os.fsync(opened.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(part, file)
    finally:
        part.unlink(missing_ok=True)
