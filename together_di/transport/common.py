"""What the network transports share: headers as sent, proxies, the TLS context, and errors."""

from __future__ import annotations

import os
import ssl
import urllib.request
from collections.abc import AsyncIterator
from typing import Any

from .._fork import ForkSafeLock
from ..errors import APIConnectionError, APITimeoutError
from ..wire import Network, Origin, RawHeaders, Request, Upload

#: Seconds a stream that has said its last word is given to end, so that its connection can be used again.
A_MOMENT = 0.1

_TIMEOUTS = {
    "ConnectTimeout": ("connect", "No connection to {host} within {limit} s"),
    "ReadTimeout": ("read", "{host} sent nothing for {limit} s"),
    "WriteTimeout": ("write", "{host} took nothing for {limit} s"),
    "PoolTimeout": ("pool", "Every connection was busy for {limit} s; see max_connections"),
}
_PERMANENT = {"UnsupportedProtocol", "LocalProtocolError", "InvalidURL", "TooManyRedirects"}

_tls_lock = ForkSafeLock()
_tls_contexts: dict[tuple[str | None, str | None], ssl.SSLContext] = {}


def tls_context(ca_bundle: str | None) -> ssl.SSLContext:
    """The TLS context that all clients of this process with the same certificates share.

    Making one takes some 20 ms and 800 kB. Certificates come from `ca_bundle`, else from `SSL_CERT_FILE` or
    `SSL_CERT_DIR`, else from certifi, as httpx does it.
    """
    if ca_bundle is not None:
        file, folder = (None, ca_bundle) if os.path.isdir(ca_bundle) else (ca_bundle, None)  # noqa: PTH112 - a str
    else:
        file, folder = os.environ.get("SSL_CERT_FILE") or None, os.environ.get("SSL_CERT_DIR") or None
    with _tls_lock:
        context = _tls_contexts.get((file, folder))
        if context is None:
            context = _tls_contexts[file, folder] = _new_tls_context(file, folder)
        return context


def _new_tls_context(file: str | None, folder: str | None) -> ssl.SSLContext:
    if not file and not folder:
        import certifi

        file = certifi.where()
    return ssl.create_default_context(cafile=file, capath=folder)


def proxy_for(origin: Origin, network: Network) -> str | None:
    """The proxy of the settings, else the one that `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` name."""
    if network.proxy is not None:
        return network.proxy
    proxies = urllib.request.getproxies()
    proxy = proxies.get(origin.scheme) or proxies.get("all")
    if not proxy or urllib.request.proxy_bypass(origin.authority):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def headers_as_sent(request: Request) -> RawHeaders:
    """Every header, `Host`, `Content-Length` and the key included.

    The result holds the key: use it as an argument at once, never keep it in a local variable.
    """
    size = len(request.content) if isinstance(request.content, bytes) else request.content.size
    headers = [(b"Host", request.origin.authority.encode("ascii")), *request.raw_headers]
    if size or request.method not in {"GET", "DELETE"}:
        headers.append((b"Content-Length", b"%d" % size))
    if request.key is not None:
        headers.append((b"Authorization", b"Bearer " + request.key.get_secret_value().encode("ascii")))
    return headers


async def chunks_off_loop(upload: Upload) -> AsyncIterator[bytes]:
    """An upload's bytes, each read in a worker thread: reading a file must not stop the event loop."""
    import anyio.to_thread

    chunks = upload.chunks()
    while (chunk := await anyio.to_thread.run_sync(next, chunks, None)) is not None:
        yield chunk


def hurry(answer: Any) -> None:
    """Have the rest of `answer`, a response of httpcore, waited for only `A_MOMENT`."""
    answer.extensions["network_stream"].longest_wait = A_MOMENT


def failure(error: Exception, request: Request, *, answered: bool = True) -> APIConnectionError:
    """The typed error for what the HTTP library raised: httpcore and httpx use the same class names.

    Its cause is a copy without a traceback, whose frames would hold the request as sent, key included.
    """
    name, text = type(error).__name__, str(error)
    host, record = request.origin.authority, request.record()
    if name in _TIMEOUTS:
        part, message = _TIMEOUTS[name]
        limit = request.timeout.parts()[part]
        problem: APIConnectionError = APITimeoutError(
            record, message=f"{message.format(host=host, limit=limit)} (timeout {part})."
        )
    else:
        problem = APIConnectionError(f"Connection to {host} failed: {text or name}.", request=record)
        problem.unanswered = not answered and name in {"RemoteProtocolError", "ReadError", "WriteError"}
        problem.permanent = name in _PERMANENT or "CERTIFICATE_VERIFY_FAILED" in text
    try:
        problem.__cause__ = type(error)(text)
    except TypeError:
        problem.__cause__ = RuntimeError(f"{name}: {text}")
    return problem
