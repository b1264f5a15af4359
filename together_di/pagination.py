"""Lists that come in pages, iterated over as if they were one.

for model in client.models.list_supported(): ...
async for model in async_client.models.list_supported(): ...
for page in client.models.list_supported().iter_pages(): ...
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar
from urllib.parse import parse_qsl, urlencode

from .errors import APIError
from .request import Call

if TYPE_CHECKING:
    from .types._base import PageBody

T = TypeVar("T")

Fetch = Callable[[Call], "PageBody[T]"]
AsyncFetch = Callable[[Call], Coroutine[Any, Any, "PageBody[T]"]]


class _Page(Generic[T]):
    """One page.

    Attributes:
        data: The items on this page.
        next_cursor: Where the next page begins; `None` on the last.
    """

    def __init__(self, body: PageBody[T], call: Call, seen: frozenset[str] = frozenset()) -> None:
        self.data = body.data or []
        self.next_cursor = body.next_cursor or None
        self._call = call
        self._seen = seen

    def has_next_page(self) -> bool:
        """Whether there is another page."""
        return self.next_cursor is not None

    def _next_call(self) -> Call:
        if self.next_cursor is None:
            raise RuntimeError("This is the last page: ask has_next_page() first.")
        path, _, query = self._call.request.target.partition("?")
        items = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name != "after"]
        target = f"{path}?{urlencode([*items, ('after', self.next_cursor)])}"
        if target in self._seen:
            # A list that comes back to a page would be read for ever.
            raise APIError(f"{path}: the list comes back to the page after {self.next_cursor!r}.", self._call.request)
        return replace(self._call, request=replace(self._call.request, target=target))


class Page(_Page[T]):
    """A page of a list; iterating over it goes on through all the pages that follow."""

    def __init__(self, body: PageBody[T], call: Call, fetch: Fetch[T], seen: frozenset[str] = frozenset()) -> None:
        super().__init__(body, call, seen)
        self._fetch = fetch

    def get_next_page(self) -> Self:
        """The next page.

        Raises:
            RuntimeError: This is the last; ask `has_next_page()` first.
        """
        call = self._next_call()
        return type(self)(self._fetch(call), call, self._fetch, self._seen | {call.request.target})

    def iter_pages(self) -> Iterator[Self]:
        """This page and all that follow."""
        page = self
        yield page
        while page.has_next_page():
            page = page.get_next_page()
            yield page

    def __iter__(self) -> Iterator[T]:
        for page in self.iter_pages():
            yield from page.data


class AsyncPage(_Page[T]):
    """A page of a list; iterating over it goes on through all the pages that follow."""

    def __init__(self, body: PageBody[T], call: Call, fetch: AsyncFetch[T], seen: frozenset[str] = frozenset()) -> None:
        super().__init__(body, call, seen)
        self._fetch = fetch

    async def get_next_page(self) -> Self:
        """The next page.

        Raises:
            RuntimeError: This is the last; ask `has_next_page()` first.
        """
        call = self._next_call()
        return type(self)(await self._fetch(call), call, self._fetch, self._seen | {call.request.target})

    async def iter_pages(self) -> AsyncIterator[Self]:
        """This page and all that follow."""
        page = self
        yield page
        while page.has_next_page():
            page = await page.get_next_page()
            yield page

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.iter_pages():
            for item in page.data:
                yield item


class AsyncPaginator(Generic[T]):
    """A list to come: `await` it for the first page, or iterate over all items with `async for`."""

    def __init__(self, call: Call, fetch: Callable[[Call], Coroutine[Any, Any, AsyncPage[T]]]) -> None:
        self._call = call
        self._fetch = fetch

    def __await__(self) -> Generator[Any, Any, AsyncPage[T]]:
        return self._first().__await__()

    async def _first(self) -> AsyncPage[T]:
        return await self._fetch(self._call)

    async def iter_pages(self) -> AsyncIterator[AsyncPage[T]]:
        """All pages."""
        async for page in (await self).iter_pages():
            yield page

    async def __aiter__(self) -> AsyncIterator[T]:
        async for item in await self:
            yield item
