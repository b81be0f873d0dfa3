"""A TCP proxy on loopback that can cut, stall and reset what goes through it, and wait for a moment.

Each part of the service has proxies of its own, so that a proxy knows whom it serves. A
`Trap` waits for a step in what a client sends and strikes before the step is taken
(the bytes are held) or after it (the server has answered, the client does not know).
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from faults.commands import Command

BLOCK_BYTES = 65536


class Trap:
    """Waits for one step.

    Args:
        matches: Whether what a client sends contains the step; given the raw bytes and the commands in them.
        after: Strike when the server has answered, else before it is asked.
        strike: What happens then, given the link and the commands; returns whether the bytes go on.
    """

    def __init__(
        self,
        matches: Callable[[bytes, Sequence[Command]], bool],
        strike: Callable[["Link", Sequence[Command]], Awaitable[bool]],
        *,
        after: bool,
    ) -> None:
        self.matches = matches
        self.after = after
        self.sprung = asyncio.Event()
        self._strike = strike

    async def spring(self, link: "Link", commands: Sequence[Command]) -> bool:
        """Strike, once; return whether the bytes go on."""
        if self.sprung.is_set():
            return True
        self.sprung.set()
        return await self._strike(link, commands)


class Proxy:
    """Listens on a port of 127.0.0.1 and connects to another.

    Args:
        name: Whom it serves.
        target: Port of the server behind it.
        reader: Makes what finds the commands in a connection; None where there are none.
        on_commands: Told of them before they go on.
    """

    def __init__(
        self,
        name: str,
        target: int,
        reader: Callable[[], Any] | None = None,
        on_commands: Callable[[Sequence[Command]], None] = lambda _: None,
    ) -> None:
        self.name = name
        self.target = target
        self.reader = reader
        self.on_commands = on_commands
        self.traps: list[Trap] = []
        self.links: set[Link] = set()
        self.port = 0
        self._cut = False
        self.flows = asyncio.Event()
        self.flows.set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=512)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and close all connections."""
        if self._server is not None:
            self._server.close()
        self.reset()
        self.flows.set()

    def reset(self) -> int:
        """Reset every connection; return how many there were."""
        links = list(self.links)
        for link in links:
            link.reset()
        return len(links)

    def cut(self) -> None:
        """Reset every connection, those that come too, until `mend`."""
        self._cut = True
        self.reset()

    def stall(self) -> None:
        """Let nothing through in either direction, until `mend`; connections stay open."""
        self.flows.clear()

    def mend(self) -> None:
        """Let everything through again."""
        self._cut = False
        self.flows.set()

    def trap_for(self, data: bytes, commands: Sequence[Command]) -> Trap | None:
        """Return the trap that what a client sends sets off."""
        for trap in self.traps:
            if not trap.sprung.is_set() and trap.matches(data, commands):
                return trap
        return None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link(self, reader, writer)
        self.links.add(link)
        try:
            if self._cut:
                return
            await link.run()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            link.reset()
            self.links.discard(link)


class Link:
    """One connection through a proxy."""

    def __init__(self, proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.proxy = proxy
        self._client = (reader, writer)
        self._server: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._after: tuple[Trap, Sequence[Command]] | None = None

    @property
    def client_port(self) -> int:
        """Port of the client's side."""
        return int(self._client[1].get_extra_info("peername")[1])

    async def run(self) -> None:
        """Carry bytes both ways until one side is closed."""
        self._server = await asyncio.open_connection("127.0.0.1", self.proxy.target)
        pumps = [asyncio.ensure_future(self._ask()), asyncio.ensure_future(self._answer())]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            if pumps[0].done() and not pumps[1].done():  # half closed: the answer may still come
                await asyncio.wait(pumps, timeout=5)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    def reset(self) -> None:
        """Close both sides at once, with a reset."""
        for _, writer in filter(None, (self._client, self._server)):
            one = writer.get_extra_info("socket")
            if one is not None:
                with contextlib.suppress(OSError):
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def _ask(self) -> None:
        assert self._server is not None
        source, target = self._client[0], self._server[1]
        commands_in = self.proxy.reader() if self.proxy.reader else None
        while data := await source.read(BLOCK_BYTES):
            await self.proxy.flows.wait()
            commands: Sequence[Command] = commands_in.read(data) if commands_in else ()
            trap = self.proxy.trap_for(data, commands)
            if trap is not None and trap.after and self._after is None:
                self._after = (trap, commands)
            elif trap is not None and not trap.after and not await trap.spring(self, commands):
                self.reset()
                return
            self.proxy.on_commands(commands)
            target.write(data)
            await target.drain()
        with contextlib.suppress(OSError):
            target.write_eof()

    async def _answer(self) -> None:
        assert self._server is not None
        source, target = self._server[0], self._client[1]
        while data := await source.read(BLOCK_BYTES):
            await self.proxy.flows.wait()
            if self._after is not None:
                (trap, commands), self._after = self._after, None
                if not await trap.spring(self, commands):
                    self.reset()
                    return
            target.write(data)
            await target.drain()
