"""What a fake answers: for each method rules that say when they apply, and the answers of each, in turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from threading import Event, RLock
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, overload

from pydantic import SecretStr
from pydantic_core import to_json

from ..emulator import Emulator
from ..errors import APIConnectionError, APITimeoutError, TogetherError
from ..transport.embedded import answer
from ..wire import Request
from .habits import Strict
from .recorder import Assertions, Call, Calls, hidden, shown
from .replies import (
    JSON,
    Piece,
    Reply,
    chat_body,
    chunks_of,
    events,
    failing,
    is_error,
    lost,
    parted,
    reply_to,
    tool_call,
    upload,
)
from .routes import UPLOAD, arguments, is_known_by_request, name_of, recognised, sought

if TYPE_CHECKING:
    from ..endpoint import Method

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")
A_co = TypeVar("A_co", covariant=True)
C_co = TypeVar("C_co", covariant=True)

Answer = Callable[[Call], Reply]
#: What a method that gives a list in pages can be told to give.
Listed = Sequence[R | Mapping[str, Any]]

#: The emulator takes any key. A client whose key nobody asked for has none at all.
_EMULATOR_KEY = SecretStr("embedded")


class UnscriptedCallError(AssertionError):
    """A call for which a fake that refuses them has no answer.

    It is no `TogetherError`, so that code which handles failures of the API does not handle this one.
    """


class Rule:
    """Answers to the calls with certain arguments: each once, the last one for ever."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        self.params = params
        self.answers: list[Answer] = []
        self.given = 0

    def next(self) -> Answer:
        """The answer that is due."""
        answer = self.answers[min(self.given, len(self.answers) - 1)]
        self.given += 1
        return answer

    def __str__(self) -> str:
        return f"({shown(self.params) or 'any arguments'}), {_counted(self.answers)}, {self.given} given"


def _counted(answers: Sequence[Answer]) -> str:
    return f"{len(answers)} answer{'s' if len(answers) > 1 else ''}"


class Script:
    """All rules and all calls of a fake; threads may share it.

    Attributes:
        refuse_unscripted: Whether to raise `UnscriptedCallError` for a call without a rule, instead of asking the
            emulator.
        unscripted: What answers a call without a rule, if it is neither of them.
        calls: What was asked.
        refusals: What was said of each call that was refused.
    """

    def __init__(self) -> None:
        self.refuse_unscripted = False
        self.unscripted: Callable[[Request], Reply] | None = None
        self.calls = Calls()
        self.refusals: list[str] = []
        self._lock = RLock()
        self._rules: dict[str, list[Rule]] = {}
        self._uploads: dict[str, Reply] = {}
        # Most tests need none.
        self._emulator: Emulator | None = None

    def add(self, name: str, params: Mapping[str, Any], answer: Answer, *, append: bool) -> Rule:
        """Add an answer to the rule for these arguments, or make it the only one."""
        with self._lock:
            rules = self._rules.setdefault(name, [])
            rule = next((rule for rule in rules if rule.params == params), None)
            if rule is None:
                rule = Rule(params)
                # What was said last counts first, and what was said of some arguments before what was said of all.
                rules.insert(0 if params else len(rules), rule)
            if not append:
                rule.answers, rule.given = [], 0
            rule.answers.append(answer)
            return rule

    def answer(self, request: Request) -> Reply:
        """Remember the request, and give the answer to it.

        Raises:
            UnscriptedCallError: There is none, and the emulator must not give it.
            BaseException: What the script says.
        """
        with self.noticed(request) as (sent, call):
            call.reply = reply = self.scripted(call) or self._otherwise(call, sent)
            if reply.error is not None and not reply.chunks:
                raise reply.error
        return reply

    @contextmanager
    def noticed(self, request: Request) -> Generator[tuple[Request, Call]]:
        """Remember a call while it is made: the request, its body read, and what is known of the call."""
        started = time.perf_counter()
        if not isinstance(request.content, bytes):
            # It may be readable only once.
            request = replace(request, content=b"".join(request.content.chunks()))
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in request.raw_headers}
        call = Call(*recognised(request, headers), hidden(headers, request))
        self.calls.add(call)
        try:
            yield request, call
        except BaseException as error:
            call.reply, call.error = None, error
            raise
        finally:
            call.duration = time.perf_counter() - started

    def reset(self) -> None:
        """Forget all rules and all calls."""
        with self._lock:
            self._rules.clear()
            self._uploads.clear()
            self.calls.clear()
            self.refusals.clear()
            self._emulator = None

    def bound(self, method: Method, function: Callable[..., Any]) -> Callable[..., Any]:
        """What `fake.chat.completions.create` is: the method itself, and the way to script it."""
        kind: Any = FakeMethod if method.chunk is None else FakeStreaming
        fake: Callable[..., Any] = kind(self, method, function)
        return fake

    def scripted(self, call: Call) -> Reply | None:
        """What the rules say of a call; `None` if they say nothing."""
        with self._lock:
            if call.name in self._uploads:
                return self._uploads[call.name]
            found = next((rule for rule in self._rules.get(call.name, ()) if call.matches(rule.params)), None)
            answer = None if found is None else found.next()
        if answer is None:
            return None
        reply = answer(call)
        if call.name != UPLOAD or reply.error is not None or reply.status != 200:
            return reply
        opening, follow_ups = upload(reply)
        self._uploads |= follow_ups
        return opening

    def _otherwise(self, call: Call, request: Request) -> Reply:
        """What a call is answered of which the rules say nothing."""
        try:
            if self.unscripted is not None:
                return self.unscripted(request)
            if self.refuse_unscripted:
                raise UnscriptedCallError(f"There is no answer to this call:\n  {call}\n{self._told()}")
        except AssertionError as refusal:
            self.refusals.append(str(refusal))
            raise
        return self._emulated(request)

    def _emulated(self, request: Request) -> Reply:
        with self._lock:
            self._emulator = emulator = self._emulator or Emulator()
        status, headers, chunks = answer(emulator, replace(request, key=_EMULATOR_KEY))
        return Reply(status, {name.decode(): value.decode("latin-1") for name, value in headers}, tuple(chunks))

    def _told(self) -> str:
        lines = [f"\n  {name}{rule}" for name, rules in self._rules.items() for rule in rules]
        return f"Scripted are:{''.join(lines)}" if lines else "Nothing is scripted."


class Plan(Strict, Generic[R]):
    """Says what a method answers; each of these replaces what was said before, unless it comes after `.then`."""

    def __init__(self, script: Script, method: Method, params: Mapping[str, Any], *, append: bool = False) -> None:
        self._script = script
        self._method = method
        self._params = params
        self._append = append

    def returns(self, value: R | str | bytes | Mapping[str, Any] | Sequence[Sequence[float]]) -> Planned[R]:
        """Answer with `value`.

        Args:
            value: What the method gives; or a text (chat, completions, transcriptions), vectors (embeddings), bytes
                (files, speech), the items of a list, or a dict as the API would send it. It is streamed if a stream
                is asked for.

        Raises:
            TypeError: The method gives nothing of that kind.
        """
        method = self._scriptable()
        reply_to(method, value, {})  # so that a mistake shows here, and not in the code under test
        return self._add(lambda call: reply_to(method, value, call.params))

    def returns_json(self, body: object, status: int = 200) -> Planned[R]:
        """Answer with this JSON, whatever it is."""
        reply = Reply(status, JSON, (to_json(body),))
        return self._add(lambda _: reply)

    def streams(self, pieces: Iterable[Piece | Event], *, delay: float = 0.0) -> Planned[R]:
        """Answer with a stream of these pieces, `delay` seconds apart; in one if no stream is asked for.

        Args:
            pieces: Texts, bytes (speech), or chunks as the API would send them; before what follows a
                `threading.Event`, the stream waits until the test sets that.
            delay: Seconds before each.

        Raises:
            TypeError: The method has no stream of such pieces.
        """
        method = self._scriptable()
        said, holds = parted(pieces)
        chunks_of(method, said, {})

        def answer(call: Call) -> Reply:
            if call.streamed:
                return events(chunks_of(method, said, call.params))._replace(delay=delay, holds=holds)
            texts = [piece for piece in said if isinstance(piece, str)]
            sound = b"".join(piece for piece in said if isinstance(piece, bytes))
            return reply_to(method, sound or "".join(texts), call.params)

        return self._add(answer)

    def calls_tool(self, tool: str, /, **arguments: Any) -> Planned[R]:
        """Answer with a call of this tool."""
        message = {"content": None, "tool_calls": [tool_call(tool, arguments)]}
        return self.returns(chat_body(message, {}, "tool_calls"))

    def raises(self, error: BaseException | type[BaseException]) -> Planned[R]:
        """Have the call raise this error, at once: it is not tried again.

        Raises:
            TypeError: It is no error; or the class needs more than a message: give the error itself.
        """
        if not is_error(error):
            wanted = "an error such as RateLimitError('Slow down'), or its class; a status goes with returns_json"
            raise TypeError(f"{self} cannot raise {error!r}: give {wanted}({{...}}, status=429).")
        failing(error)
        return self._add(lambda _: failing(error))

    def replies(self, function: Callable[[Call], Any]) -> Planned[R]:
        """Answer with what `function` gives, or raises: anything that `returns` takes.

        Raises:
            TypeError: It is no function.
        """
        method = self._scriptable()
        if not callable(function):
            raise TypeError(f"{self}.replies() takes a function of a Call, not {function!r}: write .returns(...).")

        def answer(call: Call) -> Reply:
            try:
                return reply_to(method, function(call), call.params)
            except TogetherError as error:
                return failing(error)

        return self._add(answer)

    def loses_connection(self) -> Planned[R]:
        """Break the connection before an answer; the client tries again, as it always does."""
        return self._add(lambda _: Reply(error=lost(APIConnectionError, "The connection was reset (scripted).")))

    def times_out(self) -> Planned[R]:
        """Give no answer within the time limit; the client tries again, as it always does."""
        return self._add(lambda _: Reply(error=lost(APITimeoutError, "There was no answer in time (scripted).")))

    def truncates(self) -> Planned[R]:
        """Break the connection in the middle of the body; the client tries again, as it always does."""
        end = "The connection ended in the middle of the body (scripted)."
        return self._add(lambda _: Reply(chunks=(b'{"id": "fake-1", "obj',), error=lost(APIConnectionError, end)))

    def breaks_off(self, pieces: Iterable[Piece | Event]) -> Planned[R]:
        """Stream these pieces, then break the connection.

        Raises:
            TypeError: The method has no stream of such pieces.
        """
        method = self._scriptable()
        said, holds = parted(pieces)
        chunks_of(method, said, {})

        def answer(call: Call) -> Reply:
            chunks = chunks_of(method, said, call.params, whole=False)
            broken = lost(APIConnectionError, "The connection was reset (scripted).")
            return events(chunks, error=broken)._replace(holds=holds)

        return self._add(answer)

    def _scriptable(self) -> Method:
        if not is_known_by_request(self._method):
            raise TypeError(f"{self} is made of calls of other methods: script those.")
        return self._method

    def _add(self, answer: Answer) -> Planned[R]:
        rule = self._script.add(name_of(self._scriptable()), self._params, answer, append=self._append)
        return Planned(Plan(self._script, self._method, self._params, append=True), rule)

    def __str__(self) -> str:
        return name_of(self._method)


class Planned(Generic[R]):
    """An answer that has been planned.

    Attributes:
        then: Says what the next call is answered.
    """

    def __init__(self, then: Plan[R], rule: Rule) -> None:
        self.then = then
        self._rule = rule

    def __repr__(self) -> str:
        return f"<script of {name_of(self.then._method)}: {_counted(self._rule.answers)}>"


class Scripted(Plan[R], Assertions):
    """A method of a fake client: call it as ever, say what it answers, look at what it was asked."""

    def __init__(self, script: Script, method: Method, function: Callable[..., Any]) -> None:
        super().__init__(script, method, {})
        self.__wrapped__ = function
        self.__doc__ = function.__doc__

    def when(self, /, **params: Any) -> Plan[R]:
        """Say what calls with these arguments, among others, are answered; it comes before what is said of all.

        Raises:
            TypeError: The method has no such argument.
        """
        return Plan(self._script, self._method, sought(self._scriptable(), params))

    @property
    def calls(self) -> Sequence[Call]:
        """The calls of this method, in order."""
        name = name_of(self._method)
        return [call for call in self._script.calls if call.name == name]

    def _arguments(self) -> Iterable[str]:
        return {*super()._arguments(), *arguments(self._method)}

    def __repr__(self) -> str:
        return f"<fake {self}>"


class FakeMethod(Scripted[R], Generic[P, A_co, R]):
    """A method of a fake: calling it gives `A_co`, and the script takes `R`."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> A_co:
        """Call it."""
        return self.__wrapped__(*args, **kwargs)  # type: ignore[no-any-return]


class FakeStreaming(Scripted[R], Generic[P, Q, A_co, C_co, R]):
    """A method of a fake that gives a whole answer, or with `stream=True` a stream."""

    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> A_co: ...
    @overload
    def __call__(self, *args: Q.args, **kwargs: Q.kwargs) -> C_co: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it."""
        return self.__wrapped__(*args, **kwargs)
