"""The way of a film to its provider, the same for all three.

    fetch -> probe -> start -> send <-> ask -> (finish) -> confirm

After whatever goes wrong the provider is asked how much it has, and that is believed. What a
later run must know is in the task's state before it can matter: the session before the first
byte, `all_sent` before the last block, `finishing` before the call that publishes, the answer
as soon as there is one. So a task whose worker dies at any point goes on where the provider
says it is, and never begins a second upload while the first may be, or become, a film.

A provider is a class with the steps of `Provider`. Stands on `_patience` and `_film`.
"""

import time
from collections.abc import Callable
from typing import Any, Protocol

from dragon_framework import TaskContext, TaskError
from dragon_framework.errors import InvalidParametersError, TaskCancelledError
from dragon_upload._faults import PassingFault, SessionGone, Told
from dragon_upload._film import Film, look_at
from dragon_upload._patience import Patience
from dragon_upload.errors import OutcomeUnknownError, ProviderUnavailableError, UploadRefusedError

SAVE_SECONDS = 1.0
"""Shortest time between two saves of a session that changes with each piece."""

FETCHED, SENT = 30.0, 95.0
"""Percent at which the film is here, and at which it is there."""


class Provider(Protocol):
    """The steps of one provider. All may raise `PassingFault`; a session is what JSON can hold."""

    name: str
    secrets: frozenset[str]
    """Names of the parameters that are credentials."""

    def start(self, film: Film, patience: Patience) -> dict[str, Any]:
        """Begin an upload; return its session."""

    def piece(self, session: dict[str, Any], offset: int, size: int) -> int:
        """Return how many bytes the next request carries."""

    def send(
        self, session: dict[str, Any], film: Film, offset: int, length: int, on_block: Callable[[int], None]
    ) -> Told:
        """Send bytes, and say before each block where it ends; may raise `SessionGone`."""

    def ask(self, session: dict[str, Any], size: int) -> Told:
        """Ask how much there is; may raise `SessionGone`."""

    @property
    def finish(self) -> Callable[[dict[str, Any]], dict[str, Any]] | None:
        """Publishes what was sent, and returns the answer; None if the last byte makes a film of it."""

    def published(self, session: dict[str, Any]) -> dict[str, Any] | None:
        """Return what is known of the film if it is published, by another way than the session."""

    def confirm(
        self, session: dict[str, Any], answer: dict[str, Any], film: dict[str, Any], patience: Patience
    ) -> dict[str, Any]:
        """Return the output's values, once the film is there."""

    def abandon(self, session: dict[str, Any]) -> None:
        """Tell the provider that the upload is given up."""

    def close(self) -> None:
        """Close the connections."""


class Upload:
    """One upload.

    Args:
        ctx: The run.
        url: Where the film is.
        provider: Where it goes.
    """

    def __init__(self, ctx: TaskContext, url: str, provider: Provider) -> None:
        self._ctx = ctx
        self._url = url
        self._provider = provider
        self._patience = Patience(ctx, provider.name)
        self._state: dict[str, Any] = {}
        self._saved = 0.0
        self._film: Film | None = None
        self._percent = 0.0

    def run(self) -> dict[str, Any]:
        """Return the output's values.

        Raises:
            TaskError: What is wrong with the film, the parameters or the provider.
        """
        self._state = self._ctx.state.load()
        try:
            if "result" not in self._state:
                if "answer" not in self._state:
                    self._save(answer=self._published())
                self._confirm()
            result: dict[str, Any] = self._state["result"]
            return result
        except TaskCancelledError:
            self._give_up()
            raise
        finally:
            self._provider.close()

    def _published(self) -> dict[str, Any]:
        """Return the provider's answer to an upload that is whole."""
        try:
            return self._answer()
        except OutcomeUnknownError:
            raise
        except ProviderUnavailableError as error:
            if self._pending:
                raise OutcomeUnknownError(self._provider.name, error.message) from None
            raise
        except TaskError as error:
            if not isinstance(error, TaskCancelledError) and not error.transient:
                self._give_up()
            raise

    @property
    def _pending(self) -> bool:
        """Whether the film may be published, for all we know."""
        sent = bool(self._state.get("all_sent")) and self._provider.finish is None
        return sent or bool(self._state.get("finishing"))

    def _answer(self) -> dict[str, Any]:
        told: Told | None = None
        if self._pending and "session" in self._state:  # a run before this one may have done it all
            told = self._last_word()
        if told is None or told.answer is None:
            film = self._here()
            if "session" not in self._state:
                self._start(film)
                told = Told(0)
            told = self._sent(film, told)
        assert told.answer is not None
        finish = self._provider.finish
        return told.answer if finish is None else self._finished(finish)

    def _last_word(self) -> Told | None:
        """Ask, without the film, what became of an upload that may be whole."""
        if self._state.get("finishing"):
            return Told(self._state["film"]["size"], {})  # `_finished` looks before it acts
        while True:
            try:
                return self._asked()
            except PassingFault as fault:
                self._patience.bear(fault)
            except SessionGone:
                return Told(self._state["film"]["size"], self._found())

    def _here(self) -> Film:
        """Return the film, fetched and looked at; an upload of another one is given up."""
        if self._film is None:
            self._show("fetch", 0.0)
            path = self._ctx.fetch(self._url)
            self._film = look_at(path, self._url, self._ctx)
        film = self._film
        if self._state.get("film", {}).get("mark", film.mark) != film.mark:
            self._give_up()
            self._state = {}
        return film

    def _start(self, film: Film) -> None:
        self._show("send", FETCHED)
        session = self._provider.start(film, self._patience)
        self._patience.progressed()
        about = {"size": film.size, "duration": film.duration, "mark": film.mark}
        self._save(session=session, film=about, all_sent=False)

    def _sent(self, film: Film, told: Told | None) -> Told:
        """Send what the provider has not; return its last word."""
        highest = told.offset if told is not None else 0
        restarted = False
        while told is None or told.answer is None:
            before = told
            try:
                told = self._asked() if before is None else self._send(film, before.offset)
                if told.answer is None:
                    self._judge(told, before, highest, film.size)
            except PassingFault as fault:
                self._patience.bear(fault)
                told = None
                continue
            except SessionGone:
                if self._pending:
                    return Told(film.size, self._found())
                if restarted:
                    raise UploadRefusedError(
                        "sessionExpired", f"{self._provider.name} lost the upload twice; upload it again"
                    ) from None
                restarted = True
                self._provider.abandon(self._state["session"])
                self._start(film)
                told, highest = Told(0), 0
                continue
            if told.offset > highest:
                highest = told.offset
                self._patience.progressed()
        return told

    def _send(self, film: Film, offset: int) -> Told:
        session = self._state["session"]
        length = self._provider.piece(session, offset, film.size)

        def on_block(end: int) -> None:
            if end >= film.size and not self._state["all_sent"]:
                self._save(all_sent=True)
            self._show("send", FETCHED + (SENT - FETCHED) * end / film.size)

        told = self._provider.send(session, film, offset, length, on_block)
        if time.monotonic() - self._saved > SAVE_SECONDS:
            self._save()
        return told

    def _asked(self) -> Told:
        """Ask the provider; what it refuses tells nothing of an upload that may be whole."""
        try:
            return self._provider.ask(self._state["session"], self._state["film"]["size"])
        except InvalidParametersError as error:
            if self._pending and error.errors.keys() <= self._provider.secrets:
                found = self._found(str(error))
                return Told(self._state["film"]["size"], found)
            raise

    def _judge(self, told: Told, before: Told | None, highest: int, size: int) -> None:
        """Raise if an answer cannot be, or brought nothing."""
        if not 0 <= told.offset <= size:
            raise UploadRefusedError("badOffset", f"{self._provider.name} claims byte {told.offset} of {size}")
        if told.offset == size:
            raise PassingFault("it has every byte, and does not say that it is done", told.wait_seconds)
        if before is not None and told.offset <= before.offset:
            raise PassingFault(f"it stays at byte {told.offset} of {size}", told.wait_seconds)
        if told.wait_seconds:
            self._patience.pause(min(told.wait_seconds, self._ctx.settings.longest_asked_wait_seconds))

    def _found(self, problem: str = "it does not know the upload any more") -> dict[str, Any]:
        """Return what the provider knows of the film though the session tells nothing.

        Raises:
            OutcomeUnknownError: If it knows nothing either.
        """
        try:
            answer = self._patience.call(lambda: self._provider.published(self._state["session"]))
        except TaskCancelledError:
            raise
        except TaskError:
            answer = None
        if answer is None:
            raise OutcomeUnknownError(self._provider.name, problem) from None
        return answer

    def _finished(self, finish: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
        """Publish what was sent; look before it is done again."""
        session = self._state["session"]
        self._patience.progressed()
        lost = bool(self._state.get("finishing"))  # a call that may have had its effect
        while True:
            try:
                if lost and (answer := self._provider.published(session)) is not None:
                    return answer
                if not self._state.get("finishing"):
                    self._save(finishing=True)
                return finish(session)
            except PassingFault as fault:
                lost = lost or fault.sent
                self._state["finishing"] = lost
                self._patience.bear(fault)
            except SessionGone:
                return self._found()
            except TaskError as error:
                if isinstance(error, TaskCancelledError):
                    raise
                if not lost:
                    self._state["finishing"] = False
                    raise
                return self._found(str(error))

    def _confirm(self) -> None:
        self._show("confirm", SENT)
        self._patience.progressed()
        state = self._state
        result = self._provider.confirm(state["session"], state["answer"], state["film"], self._patience)
        self._state = self._ctx.state.load()  # confirming may have noted something
        self._save(result=result)
        self._show("confirm", 99.0)

    def _give_up(self) -> None:
        """Leave the provider as tidy as it allows, unless the film may be there."""
        session = self._state.get("session")
        if session is not None and "answer" not in self._state and not self._state.get("finishing"):
            self._provider.abandon(session)

    def _save(self, **changes: Any) -> None:
        self._state |= changes
        self._ctx.state.save(self._state)
        self._saved = time.monotonic()

    def _show(self, phase: str, percent: float) -> None:
        self._percent = max(self._percent, percent)  # what is sent again does not count down
        self._ctx.progress({"percent": round(self._percent, 1), "phase": phase})
