"""The message that tells workers of a task: dramatiq's wire format, made without dramatiq.

The API process writes messages itself, many in one script call, and so does without
dramatiq's broker (no heartbeat entry, no blocking call in the event loop). A contract
test keeps these bytes equal to what dramatiq makes. The message carries the key alone;
the task's definition stays in the status store.
"""

import time

ACTOR = "run_task"
"""Name of the one dramatiq actor, which runs every task of every queue."""


def encode_message(key: str, queue: str, line: str = "", priority: int = 0) -> bytes:
    """Return the message for the task *key* in *queue*. Its id in Redis is the key.

    Args:
        key: Key of the task.
        queue: Queue it waits in.
        line: Account whose line it waits in (see `lines`).
        priority: Higher goes first within that line.
    """
    milliseconds = int(time.time() * 1000)
    return (
        f'{{"queue_name":"{queue}","actor_name":"{ACTOR}","args":["{key}"],"kwargs":{{}},'
        f'"options":{{"redis_message_id":"{key}","line":"{line}","priority":{priority}}},'
        f'"message_id":"{key}","message_timestamp":{milliseconds}}}'
    ).encode()
