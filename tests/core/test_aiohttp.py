"""What is particular to the transport "aiohttp"; all that every transport does is tested with the others."""

from __future__ import annotations

import asyncio
import gc
import json
import ssl
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from together_di import APIConnectionError, AsyncTogether, ConfigurationError, Timeout, Together
from together_di.address import Origin
from together_di.network import Network
from together_di.transport.aiohttp_pool import AiohttpTransport
from together_di.transport.pool import PoolTransport
from together_di.wire import Request

from .support.http_server import PATIENCE, HTTPServer, Peer, answer, message, raw, then_hang_up, then_stall
from .support.leaks import KEY as DISTINCTIVE_KEY
from .support.leaks import assert_hidden, found_in, shown
from .support.sides import CHAT, KEY, AiohttpSide, AsyncSide, chat, completion, list_files

GOOD = answer(completion())
BODY = json.dumps(completion()).encode()


def test_without_the_extra_the_install_line_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "together_di.transport.aiohttp_pool")
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    with pytest.raises(ConfigurationError, match=r'pip install "together-di\[aiohttp\]"'):
        AsyncTogether(api_key=KEY, transport="aiohttp")


def test_blocking_calls_go_through_httpx() -> None:
    with Together(api_key=KEY, transport="aiohttp") as client:
        assert isinstance(client._engine.shared.transport, PoolTransport)


def test_a_blocking_client_does_not_load_it() -> None:
    build = "together_di.Together(api_key='k', transport='aiohttp')"
    program = f"import sys, together_di; {build}; print('aiohttp' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert done.stdout == "False\n"


def test_it_is_not_taken_unless_it_is_asked_for() -> None:
    client = AsyncTogether(api_key=KEY)
    assert not isinstance(client._engine.shared.transport, AiohttpTransport)
    client.close_nowait()


def test_in_trio_the_error_names_the_other_transport() -> None:
    trio = pytest.importorskip("trio")

    async def main() -> None:
        with pytest.raises(ConfigurationError, match="transport='httpx'"):
            await client.chat.completions.create(**CHAT)

    client = AsyncTogether(api_key=KEY, transport="aiohttp")
    trio.run(main)
    client.close_nowait()


@pytest.mark.parametrize(
    "ask",
    [chat, list_files, lambda client: client.files.delete("f"), lambda client: client.put("/v1/x", cast_to=object)],
    ids=["POST", "GET", "DELETE", "PUT"],
)
def test_the_same_bytes_are_sent_as_through_httpx(ask: Any) -> None:
    with HTTPServer(default=answer({"id": "x", "data": []})) as server:
        for side in (AsyncSide, AiohttpSide):
            with side(server.url) as opened:
                opened.call(ask)
    first, second = (
        (one.method, one.target, [item for item in one.headers.items() if item[0] != "idempotency-key"], one.body)
        for one in server.requests
    )
    assert first == second


def test_a_large_body_arrives_whole() -> None:
    text = "x" * 2**20 + "the end"
    with HTTPServer(GOOD) as server, AiohttpSide(server.url) as side:
        side.call(lambda client: client.completions.create(model="m", prompt=text))
    assert server.requests[0].json()["prompt"] == text


def test_cookies_are_not_kept() -> None:
    with_cookie = raw(message(BODY, headers={"Set-Cookie": "a=b"}))
    with HTTPServer(with_cookie, GOOD) as server, AiohttpSide(server.url) as side:
        side.call(chat)
        side.call(chat)
    assert "cookie" not in server.requests[1].headers


def test_a_get_is_not_sent_a_second_time_by_aiohttp_itself() -> None:
    with HTTPServer(GOOD, default=then_hang_up()) as server, AiohttpSide(server.url, max_retries=0) as side:
        side.call(chat)
        with pytest.raises(APIConnectionError):
            side.call(list_files)
    assert len(server.requests) == 2


def test_no_more_connections_are_kept_than_the_settings_say() -> None:
    everyone = threading.Barrier(4)

    def meet(peer: Peer) -> None:
        everyone.wait(PATIENCE)
        peer.send(message(BODY))

    async def main(server: HTTPServer) -> int:
        options: Any = {"transport": "aiohttp", "max_keepalive_connections": 1}
        async with AsyncTogether(api_key=KEY, base_url=server.url, **options) as client:
            await asyncio.gather(*(client.chat.completions.create(**CHAT) for _ in range(4)))
            server.default = GOOD
            await client.chat.completions.create(**CHAT)
            (kept,) = {request.connection for request in server.requests[4:]}
            for closed in {1, 2, 3, 4} - {kept}:
                await asyncio.to_thread(server.wait_until_closed, closed)
            assert not server.is_closed(kept)
            return server.connections

    with HTTPServer(default=meet) as server:
        assert asyncio.run(main(server)) == 4


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        ("/v1/a b", []),
        ("/v1/x\r\nX-Evil: 1", []),
        ("/v1", [(b"X-A", b"1\r\nX-Evil: 1")]),
        ("/v1", [(b"X-A", b"1\n")]),
        ("/v1", [(b"X-A", b"\0")]),
    ],
)
def test_a_request_that_would_be_read_as_another_is_not_sent(target: str, headers: Any) -> None:
    async def main(server: HTTPServer) -> None:
        transport = AiohttpTransport(Network())
        request = Request("GET", Origin("http", "127.0.0.1", server.port), target, headers, timeout=Timeout(PATIENCE))
        with pytest.raises(APIConnectionError, match="must not be sent") as caught:
            await transport.send(request)
        await transport.aclose()
        assert caught.value.permanent

    with HTTPServer() as server:
        asyncio.run(main(server))
    assert server.requests == []


def test_a_cancelled_call_shows_no_key() -> None:
    async def main(server: HTTPServer) -> BaseException:
        client = AsyncTogether(api_key=DISTINCTIVE_KEY, base_url=server.url, transport="aiohttp")
        task = asyncio.create_task(client.chat.completions.create(**CHAT))
        await asyncio.to_thread(server.wait_for_requests, 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        await client.aclose()
        return caught.value

    with HTTPServer(then_stall()) as server:
        assert found_in(shown(asyncio.run(main(server)))) == []


class Tunnel:
    """A proxy's answer to CONNECT: from there on, it is the server itself."""

    def __init__(self, tls: ssl.SSLContext | None, refusal: bytes = b"") -> None:
        self._tls = tls
        self._refusal = refusal

    def __call__(self, peer: Peer) -> None:
        if self._refusal:
            peer.send(self._refusal)
            peer.hang_up()
            return
        peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        assert self._tls is not None
        peer.start_tls(self._tls)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for api.test and its key, in one file."""
    import trustme

    authority = trustme.CA()
    folder = tmp_path_factory.mktemp("tls")
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    issued = authority.issue_cert("api.test")
    issued.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    return folder


def test_https_goes_through_a_tunnel_and_only_the_proxy_sees_its_password(certificate: Path) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate / "server.pem")
    with HTTPServer(Tunnel(tls), GOOD, GOOD) as proxy:
        options = {
            "proxy": proxy.url.replace("http://", "http://ann:hunter2@"),
            "ca_bundle": str(certificate / "authority.pem"),
        }
        with AiohttpSide("https://api.test", **options) as side:
            assert side.call(chat).id == "c-1"
            assert side.call(chat).id == "c-1"
    connect, *calls = proxy.requests
    assert (connect.method, connect.target) == ("CONNECT", "api.test:443")
    assert "proxy-authorization" in connect.headers
    assert "authorization" not in connect.headers
    assert [("proxy-authorization" in call.headers, call.target) for call in calls] == [
        (False, "/v1/chat/completions")
    ] * 2
    assert proxy.connections == 1


def test_a_proxy_that_refuses_is_a_typed_error_without_key_or_password() -> None:
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    with HTTPServer(default=Tunnel(None, refusal)) as proxy:
        options = {"proxy": proxy.url.replace("http://", "http://ann:hunter2@"), "max_retries": 0}
        with (
            AiohttpSide("https://api.test", api_key=DISTINCTIVE_KEY, **options) as side,
            pytest.raises(APIConnectionError, match="the proxy answered 407") as caught,
        ):
            side.call(chat)
    assert_hidden(caught.value)
    assert "hunter2" not in shown(caught.value)


def test_a_thousand_runs_leave_no_descriptor_open() -> None:
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        pytest.skip("This system has no /proc/self/fd")

    async def call() -> None:
        await client.chat.completions.create(**CHAT)

    with HTTPServer(default=GOOD) as server:
        client = AsyncTogether(api_key=KEY, base_url=server.url, transport="aiohttp")
        asyncio.run(call())
        server.wait_until_closed(1)
        gc.collect()
        before = len(list(folder.iterdir()))
        for number in range(2, 1002):
            asyncio.run(call())
            server.wait_until_closed(number)
        assert len(list(folder.iterdir())) <= before + 1  # a thread of the server may still be closing its end
        client.close_nowait()
