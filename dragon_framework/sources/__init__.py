"""Where the files that clients name come from: one guarded way in.

`Sources` fetches http and https URLs (every connection vetted), `data:` URLs, the
service's own files straight from storage, and local paths where they are allowed.
"""

from dragon_framework.sources.service import Sources

__all__ = ["Sources"]
