"""What the network transports share: headers as sent, proxies, the TLS context, and errors."""

from __future__ import annotations

import os
import ssl
import time
import urllib.request
from collections.abc import AsyncIterator
from typing import Any, Self

from .._fork import ForkSafeLock
from ..address import Origin
from ..errors import APIConnectionError, APITimeoutError, PoolTimeoutError, deadline_error
from ..headers import RawHeaders
from ..network import Network
from ..options import checked_proxy, refused
from ..wire import Request, Upload

#: Seconds a stream that has said its last word is given to end, so that its connection can be used again.
A_MOMENT = 0.1

_TIMEOUTS = {
    "ConnectTimeout": ("connect", "No connection to {host} within {limit} s"),
    "ReadTimeout": ("read", "{host} sent nothing for {limit} s"),
    "WriteTimeout": ("write", "{host} took nothing for {limit} s"),
    "PoolTimeout": ("pool", "Every connection was busy for {limit} s; see max_connections"),
}
_PERMANENT = {"UnsupportedProtocol", "LocalProtocolError", "InvalidURL", "TooManyRedirects"}

#: Seconds by which a wait may end too early.
_TOLERANCE = 0.02

_tls_lock = ForkSafeLock()
_tls_contexts: dict[tuple[str | None, str | None], ssl.SSLContext] = {}


def tls_context(ca_bundle: str | None) -> ssl.SSLContext:
    """The TLS context that all clients of this process with the same certificates share.

    Making one takes some 20 ms and 800 kB. Certificates come from `ca_bundle`, else from `SSL_CERT_FILE` or
    `SSL_CERT_DIR`, else from certifi, as httpx does it.

    Raises:
        ConfigurationError: They cannot be read.
    """
    if ca_bundle is not None:
        file, folder = (None, ca_bundle) if os.path.isdir(ca_bundle) else (ca_bundle, None)  # noqa: PTH112 - a str
    else:
        file, folder = os.environ.get("SSL_CERT_FILE") or None, os.environ.get("SSL_CERT_DIR") or None
    try:
        with _tls_lock:
            context = _tls_contexts.get((file, folder))
            if context is None:
                context = _tls_contexts[file, folder] = _new_tls_context(file, folder)
            return context
    except OSError as error:  # of a file: a directory is not looked into before there is a certificate to check
        problem = f"cannot be read ({error.strerror}); it must be a file of PEM certificates"
    raise refused("env SSL_CERT_FILE" if ca_bundle is None else "option ca_bundle", file, problem)


def tls_for(scheme: str, network: Network) -> ssl.SSLContext | None:
    """The TLS context, where one is needed: plain HTTP to this machine does not have to wait for it."""
    return tls_context(network.ca_bundle) if scheme == "https" else None


def _new_tls_context(file: str | None, folder: str | None) -> ssl.SSLContext:
    if not file and not folder:
        import certifi

        file = certifi.where()
    return ssl.create_default_context(cafile=file, capath=folder)


def proxy_for(origin: Origin, network: Network) -> str | None:
    """The proxy of the settings, else the one that `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` name.

    Raises:
        ConfigurationError: That one cannot be used.
    """
    if network.proxy is not None:
        return network.proxy
    proxies = urllib.request.getproxies()
    scheme = next((scheme for scheme in (origin.scheme, "all") if proxies.get(scheme)), None)
    if scheme is None or urllib.request.proxy_bypass(origin.authority):
        return None
    proxy = proxies[scheme]
    return checked_proxy(proxy if "://" in proxy else f"http://{proxy}", _source_of_proxy(scheme))


def _source_of_proxy(scheme: str) -> str:
    for variable in (f"{scheme}_proxy", f"{scheme}_proxy".upper()):
        if os.environ.get(variable):
            return f"env {variable}"
    return f"the system's proxy for {scheme}"


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


def check_surplus(answer: Any) -> None:
    """Have a connection closed on which more has come than `answer`, a response of httpcore that has been read.

    Whatever it is, httpcore would take it for the answer to the next request.
    """
    stream = getattr(answer.stream, "_stream", answer.stream)
    if stream._connection._h11_state.trailing_data[0]:
        answer.extensions["network_stream"].is_spoilt = True


def hurry(answer: Any) -> None:
    """Have the rest of `answer`, a response of httpcore, waited for only `A_MOMENT`."""
    answer.extensions["network_stream"].longest_wait = A_MOMENT


class Until(float):
    """A time limit that is shorter the later it is, in a call with a deadline; as a number, what it is at first."""

    _limit: float | None
    _request: Request

    def __new__(cls, limit: float | None, request: Request) -> Self:
        """The limit for one part of `request`."""
        until = cls._left(limit, request)
        self = super().__new__(cls, float("inf") if until is None else max(0.0, until))
        self._limit, self._request = limit, request
        return self

    @staticmethod
    def _left(limit: float | None, request: Request) -> float | None:
        if request.until is None:  # a stream, which has begun
            return limit
        left = request.until - time.monotonic()
        return left if limit is None else min(limit, left)

    @property
    def left(self) -> float | None:
        """Seconds from now; `None` means no limit, and there may be none left."""
        return self._left(self._limit, self._request)


def time_limits(request: Request) -> dict[str, float | None]:
    """The limits of the parts of an attempt, none of which goes beyond the deadline of the call.

    Raises:
        APITimeoutError: That is over.
    """
    limits = request.timeout.parts()
    if request.until is None:
        return limits
    if time.monotonic() >= request.until:
        raise deadline_error(request)
    return {name: Until(limit, request) for name, limit in limits.items()}


def _timed_out(name: str, host: str, request: Request) -> APITimeoutError:
    if request.until is not None and time.monotonic() >= request.until - _TOLERANCE:
        return deadline_error(request)
    part, text = _TIMEOUTS[name]
    limit = request.timeout.parts()[part]
    message = f"{text.format(host=host, limit=limit)} (timeout {part})."
    if part != "pool":
        return APITimeoutError(request.record(), message=message)
    problem = PoolTimeoutError(request.record(), message=message)
    problem.permanent = True
    return problem


def failure(error: Exception, request: Request, *, answered: bool = True) -> APIConnectionError:
    """The typed error for what the HTTP library raised: httpcore and httpx use the same class names.

    Its cause is a copy without a traceback, whose frames would hold the request as sent, key included.
    """
    name, text = type(error).__name__, str(error)
    host, record = request.origin.authority, request.record()
    if name in _TIMEOUTS:
        problem: APIConnectionError = _timed_out(name, host, request)
    else:
        hint = " Does it speak http:// and not https://?" if "WRONG_VERSION_NUMBER" in text else ""
        problem = APIConnectionError(f"Connection to {host} failed: {text or name}.{hint}", request=record)
        problem.unanswered = not answered and name in {"RemoteProtocolError", "ReadError", "WriteError"}
        problem.permanent = name in _PERMANENT or "CERTIFICATE_VERIFY_FAILED" in text
    try:
        problem.__cause__ = type(error)(text)
    except TypeError:
        problem.__cause__ = RuntimeError(f"{name}: {text}")
    return problem
