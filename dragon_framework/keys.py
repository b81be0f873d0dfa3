"""Task keys: what a key looks like, and how a fresh one is made.

In storage paths, URLs, messages and statuses alike. Stands on nothing of ours.
"""

import base64
import os
import re

KEY = re.compile(r"[A-Z2-7]{26}")
"""128 bits of base32 without padding: the form of every key in the v1 reference."""


def new_key() -> str:
    """Return a fresh task key: 26 characters, unguessable."""
    return base64.b32encode(os.urandom(16))[:26].decode()
