"""One distinctive key, and the search for it in everything that can be shown of an error."""

from __future__ import annotations

import base64
import copy
import pickle
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

#: Whatever it is written as, it looks different: it has characters that URLs escape.
KEY = "tgp_v1/Hunter+2=Secret&Key"
TESTS = str(Path(__file__).parents[2])


def in_base64(data: bytes) -> set[str]:
    """What `data` looks like inside base64, wherever in the encoded bytes it begins."""
    found: set[str] = set()
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + data).decode()
        # The characters at both ends also depend on what stands beside.
        found.add(encoded[4 if offset else 0 : len(encoded) // 4 * 4 - 4])
    return found | {text.translate(str.maketrans("+/", "-_")) for text in found}


SPELLINGS = {KEY, quote(KEY), quote(KEY, safe=""), KEY.encode().hex(), *in_base64(KEY.encode())}


def found_in(text: str) -> list[str]:
    """The lines of `text` in which the key stands."""
    return [line[:200] for line in text.splitlines() if any(spelling in line for spelling in SPELLINGS)]


def safe_repr(value: object) -> str:
    try:
        return repr(value)
    except Exception as error:
        return f"<no repr: {error}>"


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception, with all that it came from and all that it holds."""
    while error is not None:
        yield error
        for inner in getattr(error, "exceptions", ()):
            yield from chain(inner)
        if error.__cause__ is not None:
            yield from chain(error.__cause__)
        error = error.__context__


def shown(error: BaseException) -> str:
    """What an error reporter could show: texts, attributes, and the local variables of every frame but the tests'."""
    lines: list[str] = []
    for link in chain(error):
        lines += [str(link), repr(link), safe_repr(link.args), safe_repr(vars(link))]
        for frame, number in traceback.walk_tb(link.__traceback__):
            code = frame.f_code
            if not code.co_filename.startswith(TESTS):
                place = f"{Path(code.co_filename).name}:{number} {code.co_name}"
                lines += [f"{place}: {name} = {safe_repr(value)}" for name, value in frame.f_locals.items()]
    return "\n".join(lines)


def raised(fail: Callable[[], object]) -> BaseException:
    try:
        fail()
    except BaseException as error:
        return error
    pytest.fail("Nothing was raised")


def assert_hidden(error: BaseException) -> None:
    assert found_in(shown(error)) == []
    assert_hidden_in_duplicates(error)


def assert_hidden_in_duplicates(error: BaseException) -> None:
    for duplicate in (pickle.dumps, copy.copy, copy.deepcopy):
        outcome = duplicate(error)
        data = outcome if isinstance(outcome, bytes) else repr(vars(outcome)).encode()
        assert found_in(data.decode("latin-1")) == []
