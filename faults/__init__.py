"""What Dragon does when its parts die: a service in small whose processes, network and disks fail on purpose.

`python -m faults` starts Valkey, an API, two workers, and for one half of the time an S3
server; gives them thousands of tasks of mixed kinds through the public API, as clients
do that try again; and meanwhile kills, freezes, cuts off and fills up one part after
another, at random and at each named step of a task's life. After each round it looks
whether every accepted task has ended once and whole, and nothing is left: `checks`.

Nothing in Dragon knows of it. All that workers and API say to Redis, to S3 and to the
sources goes through proxies of ours (`proxy`), which see each step before and after it
is taken; that is where a fault strikes.
"""
