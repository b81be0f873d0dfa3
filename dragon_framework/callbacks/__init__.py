"""Callbacks: the final status of a task, sent to the URL its definition names.

    FINISH (status.scripts): final status + entry due now -> LEASE -> POST -> SETTLE: delivered, failed, or due later

The entry is written in the same step as the final status, so a callback is neither lost nor
ahead of what a client can read. Any worker may send it; one that dies while it does leaves
a lease that runs out, and another sends it again: at least once, with the same `webhook-id`.
"""
