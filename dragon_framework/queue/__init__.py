"""The queue: dramatiq messages on Redis, with a consumer and a reaper of our own."""
