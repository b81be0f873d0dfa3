"""`/v1/admin/…`: what operators see and do, over all accounts (docs/operations/dashboard.md). Beyond v1.

The page at `/admin` stands on these routes alone, as anybody's script may.
"""

from dragon_framework.api.admin.acting import cancel, replay, retry
from dragon_framework.api.admin.looking import callbacks, one_task, overview, tasks

HANDLERS = [overview, tasks, one_task, callbacks, cancel, retry, replay]

__all__ = ["HANDLERS"]
