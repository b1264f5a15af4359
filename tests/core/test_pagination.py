"""Lists in pages, read as one."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from together_di import APIError, APIResponseValidationError, AsyncTogether, NotFoundError
from together_di.pagination import AsyncPage, Page

from .support.http_server import HTTPServer, Peer, answer, message
from .support.sides import KEY, OpenSide, Side, both_sides

pytestmark = pytest.mark.usefixtures("waits")


def page(*ids: str, after: object = None, **more: object) -> Any:
    return answer({"data": [{"id": one} for one in ids], "next_cursor": after, **more})


THREE = [page("a", "b", after="c1"), page("c", after="c2"), page("d", "e")]


def supported(client: Any) -> Any:
    return client.models.list_supported()


def ids(open_side: OpenSide, *script: Any, **arguments: Any) -> tuple[list[Any], list[dict[str, list[str]]]]:
    """The ids of all items, and the query of each request."""
    items: list[Any] = []
    with HTTPServer(*script) as server, open_side(server.url) as side:
        side.collect(lambda client: client.models.list_supported(**arguments), items)
    return [item.id for item in items], [parse_qs(urlsplit(one.target).query) for one in server.requests]


@both_sides
def test_iterating_gives_the_items_of_all_pages(open_side: OpenSide) -> None:
    found, queries = ids(open_side, *THREE)
    assert found == ["a", "b", "c", "d", "e"]
    assert queries == [{}, {"after": ["c1"]}, {"after": ["c2"]}]


@both_sides
def test_the_other_arguments_go_with_every_page(open_side: OpenSide) -> None:
    _, queries = ids(open_side, *THREE, limit=2, search="a&b =ü", extra_query={"x": "1"})
    assert {key: value for key, value in queries[2].items() if key != "after"} == queries[0]
    assert queries[0] == {"limit": ["2"], "search": ["a&b =ü"], "x": ["1"]}


@both_sides
def test_a_first_cursor_is_replaced_by_the_next(open_side: OpenSide) -> None:
    _, queries = ids(open_side, *THREE, after="c0")
    assert [query["after"] for query in queries] == [["c0"], ["c1"], ["c2"]]


@both_sides
def test_a_cursor_is_escaped(open_side: OpenSide) -> None:
    _, queries = ids(open_side, page("a", after="x&y=z +/é%"), page("b"))
    assert queries[1] == {"after": ["x&y=z +/é%"]}


@both_sides
@pytest.mark.parametrize("end", [None, ""])
def test_no_cursor_or_an_empty_one_ends_the_list(open_side: OpenSide, end: object) -> None:
    found, queries = ids(open_side, page("a", after=end))
    assert (found, len(queries)) == (["a"], 1)


@both_sides
def test_an_empty_page_in_the_middle_is_passed_over(open_side: OpenSide) -> None:
    found, _ = ids(open_side, page("a", after="c1"), page(after="c2"), page("b"))
    assert found == ["a", "b"]


@both_sides
@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": []}])
def test_an_empty_list_has_no_items(open_side: OpenSide, body: dict[str, object]) -> None:
    assert ids(open_side, answer(body)) == ([], [{}])


@both_sides
def test_pages_after_the_first_are_fetched_only_when_needed(open_side: OpenSide) -> None:
    with HTTPServer(*THREE) as server, open_side(server.url) as side:
        first = side.call(supported)
        assert [item.id for item in first.data] == ["a", "b"]
        assert len(server.requests) == 1


@both_sides
def test_awaiting_or_calling_gives_the_first_page(open_side: OpenSide) -> None:
    with HTTPServer(*THREE) as server, open_side(server.url) as side:
        first = side.call(supported)
    assert isinstance(first, Page if side.name == "sync" else AsyncPage)
    assert (first.next_cursor, first.has_next_page()) == ("c1", True)
    assert len(server.requests) == 1


@both_sides
def test_the_next_page_follows_and_after_the_last_there_is_none(open_side: OpenSide) -> None:
    with HTTPServer(page("a", after="c1"), page("b")) as server, open_side(server.url) as side:
        first = side.call(supported)
        second = side.call(lambda _: first.get_next_page())
        assert [item.id for item in second.data] == ["b"]
        assert not second.has_next_page()
        with pytest.raises(RuntimeError, match="last page"):
            side.call(lambda _: second.get_next_page())


def all_pages(side: Side, first: Any) -> list[list[str]]:
    pages: list[Any] = []
    side.collect(lambda _: first.iter_pages(), pages)
    return [[item.id for item in one.data] for one in pages]


@both_sides
def test_iter_pages_gives_every_page(open_side: OpenSide) -> None:
    with HTTPServer(*THREE) as server, open_side(server.url) as side:
        assert all_pages(side, side.call(supported)) == [["a", "b"], ["c"], ["d", "e"]]


def test_iter_pages_of_a_list_to_come_gives_every_page() -> None:
    async def main(url: str) -> list[list[str | None]]:
        async with AsyncTogether(api_key=KEY, base_url=url) as client:
            pages = client.models.list_supported().iter_pages()
            return [[item.id for item in one.data] async for one in pages]

    with HTTPServer(*THREE) as server:
        assert asyncio.run(main(server.url)) == [["a", "b"], ["c"], ["d", "e"]]


@both_sides
def test_a_page_can_be_iterated_over_twice(open_side: OpenSide) -> None:
    with HTTPServer(*THREE, *THREE[1:]) as server, open_side(server.url) as side:
        first = side.call(supported)
        assert all_pages(side, first) == all_pages(side, first)


@both_sides
def test_a_page_that_names_itself_as_the_next_is_an_error_after_its_items(open_side: OpenSide) -> None:
    items: list[Any] = []
    with (
        HTTPServer(page("a", after="c1"), default=page("b", after="c1")) as server,
        open_side(server.url) as side,
        pytest.raises(APIError, match="c1"),
    ):
        side.collect(supported, items)
    assert [item.id for item in items] == ["a", "b"]
    assert len(server.requests) == 2


@both_sides
@pytest.mark.parametrize("length", [2, 3])
def test_pages_that_lead_in_a_circle_are_an_error(open_side: OpenSide, length: int) -> None:
    count = 0

    def circle(peer: Peer) -> None:
        nonlocal count
        count += 1
        if count > 20:
            # The circle is not noticed: this ends it.
            peer.send(message(b"{}", 404))
        else:
            page("x", after=f"c{count % length}")(peer)

    with HTTPServer(default=circle) as server, open_side(server.url) as side, pytest.raises(APIError) as caught:
        side.collect(supported, [])
    assert not isinstance(caught.value, NotFoundError)
    assert len(server.requests) <= 20


@both_sides
def test_an_error_on_a_later_page_comes_after_the_items_before_it(open_side: OpenSide) -> None:
    items: list[Any] = []
    with (
        HTTPServer(page("a", after="c1"), answer({"error": {"message": "Gone."}}, 404)) as server,
        open_side(server.url) as side,
        pytest.raises(NotFoundError, match="Gone"),
    ):
        side.collect(supported, items)
    assert [item.id for item in items] == ["a"]


@both_sides
def test_each_page_is_tried_again_on_its_own(open_side: OpenSide) -> None:
    found, queries = ids(open_side, answer({}, 503), THREE[0], answer({}, 503), *THREE[1:])
    assert found == ["a", "b", "c", "d", "e"]
    assert len(queries) == 5


@both_sides
def test_every_page_carries_the_key_and_the_headers_of_the_call(open_side: OpenSide) -> None:
    items: list[Any] = []
    with HTTPServer(*THREE) as server, open_side(server.url) as side:
        side.collect(lambda client: client.models.list_supported(extra_headers={"x-mine": "1"}), items)
    assert {request.headers["authorization"] for request in server.requests} == {f"Bearer {KEY}"}
    assert {request.headers["x-mine"] for request in server.requests} == {"1"}
    assert server.connections == 1


@both_sides
def test_a_page_whose_items_do_not_fit_is_kept(open_side: OpenSide) -> None:
    assert ids(open_side, answer({"data": [{"id": 7, "createdAt": "soon"}], "next_cursor": None}))[0] == [7]


@both_sides
@pytest.mark.parametrize("data", ["oops", {"a": 1}])
def test_a_page_whose_data_is_no_list_is_kept(open_side: OpenSide, data: object) -> None:
    with HTTPServer(answer({"data": data})) as server, open_side(server.url) as side:
        first = side.call(supported)
    assert (first.data, first.next_cursor) == (data, None)


@both_sides
@pytest.mark.parametrize("body", [[], "text", None, 7])
def test_a_page_that_is_no_object_is_a_validation_error(open_side: OpenSide, body: object) -> None:
    with (
        HTTPServer(answer(body)) as server,
        open_side(server.url) as side,
        pytest.raises(APIResponseValidationError, match=r"models\.list_supported\(\)"),
    ):
        side.call(supported)


@both_sides
def test_a_raw_response_of_a_list_parses_to_a_page_that_goes_on(open_side: OpenSide) -> None:
    items: list[Any] = []
    with HTTPServer(*THREE) as server, open_side(server.url) as side:
        response = side.call(lambda client: client.models.with_raw_response.list_supported())
        assert (response.status_code, len(server.requests)) == (200, 1)
        parsed = side.call(lambda _: response.parse())
        assert isinstance(parsed, Page if side.name == "sync" else AsyncPage)
        side.collect(lambda _: parsed, items)
    assert [item.id for item in items] == ["a", "b", "c", "d", "e"]
