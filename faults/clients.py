"""Clients as careful ones are: they ask again until there is an answer, under one idempotency key.

In: the URL of the API, a mix of definitions. Out: entries in the ledger. Some wait by
`block`, some by a stream, some by asking again and again; some cancel; some repeat their
first request when all is over, and must get the same tasks.
"""

import asyncio
import json
import random
import secrets
from typing import Any

import httpx

from faults.definitions import Mix
from faults.ledger import Entry, Ledger

ASK_AGAIN = {408, 429, 502, 503, 504}
FINAL = {"success", "error"}


class Clients:
    """Clients of one service.

    Args:
        url: URL of the API.
        secret: Secret of their account.
        mix: Makes their definitions.
        ledger: Where they note what was accepted and what became of it.
        dice: Decides what they do.
        count: How many there are.
    """

    def __init__(self, url: str, secret: str, mix: Mix, ledger: Ledger, dice: random.Random, count: int) -> None:
        self._mix = mix
        self._ledger = ledger
        self._dice = dice
        self._count = count
        self._working = False
        self._loops: list[asyncio.Task[None]] = []
        self.http = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Secret {secret}"},
            timeout=httpx.Timeout(25.0, connect=3.0),
            limits=httpx.Limits(max_connections=count + 16),
            follow_redirects=True,
        )

    def start(self) -> None:
        """Begin to create tasks."""
        self._working = True
        self._loops = [asyncio.ensure_future(self._loop()) for _ in range(self._count)]

    async def stop(self) -> None:
        """Create nothing more, and wait until all that was accepted is final for those who wait for it."""
        self._working = False
        for done in await asyncio.gather(*self._loops, return_exceptions=True):
            if isinstance(done, BaseException):
                raise done

    async def close(self) -> None:
        """Close the connections."""
        await self.http.aclose()

    async def post(self, path: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> Any:
        """Return the answer to a request, asked again while the service is away."""
        pause = 0.1
        while True:
            try:
                answer = await self.http.post(path, json=body, headers=headers)
            except httpx.HTTPError:
                pass
            else:
                if answer.status_code == 200 or (answer.status_code == 404 and answer.text.startswith("[")):
                    return answer.json()  # 404: none of the tasks is known
                if answer.status_code not in ASK_AGAIN:
                    self._ledger.problems.append(f"{path} answered {answer.status_code}: {answer.text[:300]}")
                    return []
            await asyncio.sleep(pause * self._dice.uniform(0.8, 1.2))
            pause = min(1.0, pause * 2)

    async def get(self, url: str) -> httpx.Response:
        """Return the answer to a GET request, asked again while the service is away."""
        while True:
            try:
                answer = await self.http.get(url)
            except httpx.HTTPError:
                pass
            else:
                if answer.status_code not in ASK_AGAIN:
                    return answer
            await asyncio.sleep(0.3)

    async def statuses(self, keys: list[str]) -> list[dict[str, Any]]:
        """Return the statuses of tasks."""
        found: list[dict[str, Any]] = []
        for start in range(0, len(keys), 500):
            found += await self.post("/v1/status", {"tasks": keys[start : start + 500]})
        return found

    async def _loop(self) -> None:
        while self._working:
            made = [self._mix.next() for _ in range(self._dice.choice([1, 1, 2, 3, 6]))]
            body = {"tasks": [definition for definition, _ in made]}
            headers = {"Idempotency-Key": secrets.token_hex(8)}
            accepted = await self.post("/v1/create", body, headers)
            if len(accepted) != len(made):
                continue
            entries = [
                Entry(status["key"], definition, expected)
                for status, (definition, expected) in zip(accepted, made, strict=True)
            ]
            for entry, status in zip(entries, accepted, strict=True):
                self._ledger.entries[entry.key] = entry
                self._note(status)
            if self._dice.random() < 0.15:
                await self._cancel(self._dice.choice(entries))
            await self._wait(entries)
            if self._dice.random() < 0.2:
                again = await self.post("/v1/create", body, headers)
                if [status["key"] for status in again] != [entry.key for entry in entries]:
                    self._ledger.problems.append(f"a repeated request made other tasks than {entries[0].key}")

    async def _cancel(self, entry: Entry) -> None:
        await asyncio.sleep(self._dice.uniform(0, 0.6))
        entry.cancelled = True
        for status in await self.post("/v1/cancel", {"tasks": [entry.key]}):
            if entry.expected.get("codes") != {"invalid_parameters"}:  # those were never queued: unknown to cancel
                self._note(status)

    async def _wait(self, entries: list[Entry]) -> None:
        way = self._dice.choices([self._block, self._stream, self._poll], [5, 3, 2])[0]
        keys = [entry.key for entry in entries]
        while keys := [key for key in keys if self._ledger.entries[key].final is None]:
            await way(keys)

    async def _block(self, keys: list[str]) -> None:
        for status in await self.post("/v1/status", {"tasks": keys, "block": True}):
            self._note(status)

    async def _poll(self, keys: list[str]) -> None:
        await asyncio.sleep(0.2)
        for status in await self.post("/v1/status", {"tasks": keys}):
            self._note(status)

    async def _stream(self, keys: list[str]) -> None:
        try:
            async with self.http.stream("POST", "/v1/status_stream", json={"tasks": keys}) as answer:
                if answer.status_code != 200:
                    await asyncio.sleep(0.3)
                    return
                async for line in answer.aiter_lines():
                    if line.strip():
                        said = json.loads(line)
                        for status in said if isinstance(said, list) else [said]:
                            self._note(status)
        except (httpx.HTTPError, json.JSONDecodeError):  # cut in the middle of a line
            await asyncio.sleep(0.1)

    def _note(self, status: dict[str, Any]) -> None:
        entry = self._ledger.entries.get(status.get("key", ""))
        if entry is None:
            self._ledger.problems.append(f"a status that nobody asked for: {status!r:.300}")
        elif entry.final is None:
            if status["status"] in FINAL:
                entry.final = status
        elif status != entry.final:
            self._ledger.problems.append(f"{entry.key} changed after its end: {entry.final!r:.200}, {status!r:.200}")

    async def give_up(self) -> None:
        """End the clients where they are: what they wait for does not come."""
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
