"""Where output files and uploaded inputs live: one interface, drivers by URL scheme.

A driver is found through the entry-point group `dragon.storage` by the scheme of the
storage URL (`file:///srv/dragon` or a path: `local`; `s3://bucket/prefix`: `s3`).
"""

from dragon_framework.storage.base import Storage, StoredFile, open_storage

__all__ = ["Storage", "StoredFile", "open_storage"]
