"""Version 1 of the tasks API: its methods, its envelopes, and what v1 alone does so."""

from dragon_framework.api.v1.callbacks import callbacks_get, callbacks_post, callbacks_replay
from dragon_framework.api.v1.cancel import cancel
from dragon_framework.api.v1.create import create, create_stream
from dragon_framework.api.v1.files import create_file_get, create_file_post, file
from dragon_framework.api.v1.inputs import upload_input
from dragon_framework.api.v1.status import status_get, status_post, status_stream_get, status_stream_post
from dragon_framework.api.v1.tasks import one_task, tasks

HANDLERS = [
    callbacks_get,
    callbacks_post,
    callbacks_replay,
    cancel,
    create,
    create_stream,
    create_file_get,
    create_file_post,
    file,
    status_get,
    status_post,
    status_stream_get,
    status_stream_post,
    tasks,
    one_task,
    upload_input,
]

__all__ = ["HANDLERS"]
