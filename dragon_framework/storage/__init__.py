"""Where output files and uploaded inputs live: one interface, drivers by URL scheme.

A driver is found through the entry-point group `dragon.storage` by the scheme of the
storage URL (`file:///srv/dragon` or a path: `local`; `s3://bucket/prefix`: `s3`).
"""

from dragon_framework.storage.base import FILENAME, Storage, StoredFile, open_storage
from dragon_framework.storage.headers import CACHE_CONTROL, content_disposition

__all__ = ["CACHE_CONTROL", "FILENAME", "Storage", "StoredFile", "content_disposition", "open_storage"]
