"""What a fake answers: for each method rules that say when they apply, and the answers of each, in turn."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from threading import RLock
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, ParamSpec, TypeVar, overload

from ..errors import APIConnectionError, APITimeoutError, TogetherError
from .recorder import Call, Calls
from .replies import Reply, chat_message, events, failing, lost, reply_to, text_chunks, tool_calls
from .routes import name_of

if TYPE_CHECKING:
    from ..endpoint import Method

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")
A_co = TypeVar("A_co", covariant=True)
C_co = TypeVar("C_co", covariant=True)


class UnscriptedCallError(TogetherError, AssertionError):
    """A call for which a fake that refuses them has no answer."""


class Exchange(NamedTuple):
    """What a function given to `replies` is called with.

    Attributes:
        name: The method.
        params: Its arguments as they were sent.
    """

    name: str
    params: Mapping[str, Any]


Answer = Callable[[Exchange], Reply]


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
        condition = ", ".join(f"{name}={value!r}" for name, value in self.params.items())
        return f"({condition or 'any arguments'}): {len(self.answers)} answers, {self.given} given"


class Script:
    """All rules and all calls of a fake; threads may share it.

    Args:
        refuse_unscripted: Raise `UnscriptedCallError` for a call without a rule, instead of asking the emulator.
    """

    def __init__(self, *, refuse_unscripted: bool = False) -> None:
        self.refuse_unscripted = refuse_unscripted
        self.calls = Calls("The API")
        self._lock = RLock()
        self._rules: dict[str, list[Rule]] = {}

    def rule(self, name: str, params: Mapping[str, Any]) -> Rule:
        """The rule for these arguments, which is new if there was none."""
        with self._lock:
            rules = self._rules.setdefault(name, [])
            for rule in rules:
                if rule.params == params:
                    return rule
            # A rule with conditions comes before one without.
            rules.insert(0 if params else len(rules), rule := Rule(params))
            return rule

    def set(self, rule: Rule, answer: Answer, *, append: bool) -> None:
        """Add an answer to a rule, or make it the only one."""
        with self._lock:
            if not append:
                rule.answers, rule.given = [], 0
            rule.answers.append(answer)

    def reply_to(self, call: Call) -> Reply | None:
        """The answer to a call; `None` if the emulator is to give it.

        Raises:
            UnscriptedCallError: There is none, and the emulator must not.
        """
        with self._lock:
            found = next(
                (rule for rule in self._rules.get(call.name, ()) if rule.answers and call.matches(rule.params)), None
            )
            answer = None if found is None else found.next()
        if answer is not None:
            return answer(Exchange(call.name, call.params))
        if self.refuse_unscripted:
            raise UnscriptedCallError(f"There is no answer to this call:\n  {call}\n{self._told()}")
        return None

    def reset(self) -> None:
        """Forget all rules and all calls."""
        with self._lock:
            self._rules.clear()
            self.calls.items.clear()

    def _told(self) -> str:
        lines = [f"  {name} {rule}" for name, rules in self._rules.items() for rule in rules if rule.answers]
        return "Scripted are:\n" + "\n".join(lines) if lines else "Nothing is scripted."

    def bound(self, method: Method, function: Callable[..., Any]) -> Callable[..., Any]:
        """What `fake.chat.completions.create` is: the method itself, and the way to script it."""
        return FakeMethod(self, name_of(method), function, takes_several=not method.template.path)


class Plan(Generic[R]):
    """Says what a method answers; each of these replaces what was said before, unless it comes after `.then`."""

    def __init__(self, script: Script, name: str, params: Mapping[str, Any], *, append: bool = False) -> None:
        self._script = script
        self._name = name
        self._params = params
        self._append = append

    def returns(self, value: R | str | bytes | Mapping[str, Any] | Sequence[Sequence[float]]) -> Planned[R]:
        """Answer with `value`.

        Args:
            value: The method's own type; or a text (chat, completions, transcriptions), vectors (embeddings), bytes
                (files, speech), or a dict as the API would send it. It is streamed if a stream is asked for.

        Raises:
            TypeError: The method gives nothing of that kind.
        """
        reply_to(self._name, value, {})  # so that a mistake shows here, and not in the code under test
        return self._add(lambda exchange: reply_to(exchange.name, value, exchange.params))

    def returns_json(self, body: Mapping[str, Any] | Sequence[Any], status: int = 200) -> Planned[R]:
        """Answer with this JSON, whatever it is."""
        from pydantic_core import to_json

        return self._add(lambda _: Reply(status, {"content-type": "application/json"}, (to_json(body),)))

    def streams(self, pieces: Iterable[str], *, delay: float = 0.0) -> Planned[R]:
        """Answer with a text in these pieces, `delay` seconds apart; all at once if no stream is asked for."""
        texts = list(pieces)

        def answer(exchange: Exchange) -> Reply:
            if exchange.params.get("stream") is not True:
                return reply_to(exchange.name, "".join(texts), exchange.params)
            return events(text_chunks(exchange.name, exchange.params, texts), delay)

        return self._add(answer)

    def calls_tool(self, tool: str, **arguments: Any) -> Planned[R]:
        """Answer with a call of this tool."""
        message = {"content": None, "tool_calls": tool_calls([(tool, arguments)])}
        return self._add(
            lambda exchange: reply_to(
                exchange.name, chat_message(message, exchange.params, "tool_calls"), exchange.params
            )
        )

    def raises(self, error: BaseException | type[BaseException]) -> Planned[R]:
        """Have the call raise this error, at once: it is not tried again."""
        reply = failing(error)
        return self._add(lambda _: reply)

    def replies(self, function: Callable[[Exchange], Any]) -> Planned[R]:
        """Answer with what `function` gives: anything that `returns` takes, or an error."""
        return self._add(lambda exchange: reply_to(exchange.name, function(exchange), exchange.params))

    def loses_connection(self) -> Planned[R]:
        """Break the connection before an answer; the client tries again, as it always does."""
        return self._add(lambda _: Reply(error=lost(APIConnectionError("The connection was reset."), retried=True)))

    def times_out(self) -> Planned[R]:
        """Give no answer within the time limit; the client tries again, as it always does."""
        return self._add(lambda _: Reply(error=lost(APITimeoutError(message="No answer in time."), retried=True)))

    def truncates(self) -> Planned[R]:
        """Send half of a JSON body with status 200."""
        return self._add(lambda _: Reply(200, {"content-type": "application/json"}, (b'{"id": "fake-1", "obj',)))

    def breaks_off(self, pieces: Iterable[str]) -> Planned[R]:
        """Stream these pieces, then lose the connection."""
        texts = list(pieces)

        def answer(exchange: Exchange) -> Reply:
            chunks = text_chunks(exchange.name, exchange.params, texts)[: len(texts)]
            return events(chunks, error=APIConnectionError("The connection was reset."))

        return self._add(answer)

    def _add(self, answer: Answer) -> Planned[R]:
        rule = self._script.rule(self._name, self._params)
        self._script.set(rule, answer, append=self._append)
        return Planned(self._script, self._name, self._params, rule)


class Planned(Generic[R]):
    """An answer that has been planned; what comes after it goes on with `.then`."""

    def __init__(self, script: Script, name: str, params: Mapping[str, Any], rule: Rule) -> None:
        self._script, self._name, self._params, self._rule = script, name, params, rule

    @property
    def then(self) -> Plan[R]:
        """The answer to the next call."""
        return Plan(self._script, self._name, self._params, append=True)

    def __repr__(self) -> str:
        number = len(self._rule.answers)
        return f"<script of {self._name}: {number} answer{'s' if number > 1 else ''}>"


class Scripted(Plan[R]):
    """A method of a fake client: call it as ever, say what it answers, look at what it was asked."""

    def __init__(self, script: Script, name: str, function: Callable[..., Any], *, takes_several: bool) -> None:
        super().__init__(script, name, {})
        self._function = function
        self._takes_several = takes_several
        self.__name__ = name
        self.__doc__ = function.__doc__

    def when(self, **params: Any) -> Plan[R]:
        """The answer to calls with these arguments, among others; it comes before that to all calls."""
        return Plan(self._script, self._name, params)

    @property
    def calls(self) -> Calls:
        """The calls of this method, with assertions about them."""
        return self._script.calls.of(self._name)

    def assert_called_once_with(self, **params: Any) -> None:
        """Fail unless there was just one call, and that with these arguments, among others."""
        self.calls.assert_called_once_with(**params)

    def assert_called_with(self, **params: Any) -> None:
        """Fail unless the last call was made with these arguments, among others."""
        self.calls.assert_called_with(**params)

    def assert_called_once(self) -> None:
        """Fail unless there was just one call."""
        self.calls.assert_called_once()

    def assert_not_called(self) -> None:
        """Fail if there was a call."""
        self.calls.assert_not_called()

    def _add(self, answer: Answer) -> Planned[R]:
        if self._takes_several:
            raise TypeError(f"{self._name} takes several requests, and cannot be scripted: the emulator answers it.")
        return super()._add(answer)

    def __repr__(self) -> str:
        return f"<fake {self._name}>"


class FakeMethod(Scripted[R], Generic[P, R]):
    """A method of `FakeTogether`."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call it."""
        return self._function(*args, **kwargs)  # type: ignore[no-any-return]


class AsyncFakeMethod(Scripted[R], Generic[P, R]):
    """A method of a fake's async client."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, R]:
        """Call it."""
        return self._function(*args, **kwargs)  # type: ignore[no-any-return]


class FakeStreaming(Scripted[R], Generic[P, Q, A_co, C_co, R]):
    """A method of a fake that gives a whole answer, or with `stream=True` a stream."""

    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> A_co: ...
    @overload
    def __call__(self, *args: Q.args, **kwargs: Q.kwargs) -> C_co: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it."""
        return self._function(*args, **kwargs)
