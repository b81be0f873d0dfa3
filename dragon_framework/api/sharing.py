"""One execution for equal tasks: what is under way, or has succeeded a while ago, serves again.

Equal are tasks of one account with the same name, the same version of their plugin and the same
parameters, if the task is `cacheable`. Stands on `creation`.
"""

from dragon_framework.accounts import Account
from dragon_framework.api.creation import NewTask, announce, count, digest_of, refusal, write
from dragon_framework.api.service import Service
from dragon_framework.status.submission import Verdict


def is_shareable(service: Service, new: NewTask) -> bool:
    """Whether an equal task may serve for this one."""
    return new.task.cacheable and service.settings.api.shared_seconds > 0 and not new.refused and not new.calls


async def submit_sharing(
    service: Service, tasks: list[NewTask], account: Account, base: str, priority: int
) -> list[tuple[str, bytes]]:
    """Count the tasks, and write those for which no equal one serves.

    Tasks are written one by one: when a queue fills up meanwhile, those before are there already.

    Returns:
        Key and encoded status of the tasks that serve, in the order of *tasks*.

    Raises:
        RequestError: 401 if a limit of the account would be passed, 503 if a queue is full.
        redis.RedisError: If Redis cannot be reached.
    """
    await count(service, account, len(tasks))
    served: list[tuple[str, bytes]] = []
    for new in tasks:
        if not is_shareable(service, new):
            await write(service, [new], account, priority, counted=True)
            announce(service, [new], account)
            served.append((new.submission.key, new.submission.status))
            continue
        serving = await service.store.submit_shared(
            new.submission,
            digest_of(service, new, account, base),
            service.settings.api.shared_seconds,
            account_id=account.id,
            most_tasks=account.limits.concurrent_tasks,
            priority=priority,
        )
        if isinstance(serving, Verdict):
            await service.accounts.uncount_tasks(account, 1)
            raise refusal(service, serving, [new], account)
        if serving[0] == new.submission.key:
            announce(service, [new], account)
        served.append(serving)
    return served
