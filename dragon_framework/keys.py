"""Task keys: what a key looks like, and how a fresh one is made.

In storage paths, URLs, messages and statuses alike. Stands on nothing of ours.
"""

import os
import re

KEY = re.compile(r"[A-Z2-7]{26}")
"""26 letters of base32 (RFC 4648, 6): the form of every key in the v1 reference."""

_LETTERS = bytes(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[number % 32] for number in range(256))


def new_key() -> str:
    """Return a fresh task key: 26 characters, 130 random bits, unguessable."""
    return os.urandom(26).translate(_LETTERS).decode()
