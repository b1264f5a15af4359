"""A program that reads a secret through a gRPC client of its own, and logs everything there is on stdout.

A program, because a process that has used gRPC may hang when it forks, and other tests fork.
"""

from __future__ import annotations

import logging
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import grpc  # type: ignore[import-untyped]
from google.cloud import secretmanager_v1
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import SecretManagerServiceGrpcTransport
from google.cloud.secretmanager_v1.types import AccessSecretVersionRequest, AccessSecretVersionResponse
from google.cloud.secretmanager_v1.types.resources import SecretPayload

from together_di.secrets import Reference, SecretError, gcp_sm

METHOD = "/google.cloud.secretmanager.v1.SecretManagerService/AccessSecretVersion"


class Handler(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Knows one secret."""

    def __init__(self, value: str) -> None:
        self._payload = SecretPayload(data=value.encode())

    def service(self, handler_call_details: Any) -> Any:
        assert handler_call_details.method == METHOD
        return grpc.unary_unary_rpc_method_handler(
            self._answer,
            request_deserializer=AccessSecretVersionRequest.deserialize,
            response_serializer=AccessSecretVersionResponse.serialize,
        )

    def _answer(self, request: AccessSecretVersionRequest, context: Any) -> AccessSecretVersionResponse:
        if "/disabled/" in request.name:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "disabled")
        return AccessSecretVersionResponse(payload=self._payload)


class Printer(logging.Handler):
    """Shows all that there is in a record."""

    def emit(self, record: logging.LogRecord) -> None:
        print("logged:", record.name, record.getMessage(), vars(record))


def main(value: str) -> None:
    google = logging.getLogger("google")
    google.setLevel(logging.DEBUG)
    google.addHandler(Printer())
    server = grpc.server(ThreadPoolExecutor(1))
    server.add_generic_rpc_handlers((Handler(value),))
    channel = grpc.insecure_channel(f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}")
    server.start()
    with closing(channel):
        client = secretmanager_v1.SecretManagerServiceClient(
            transport=SecretManagerServiceGrpcTransport(channel=channel)
        )
        for name in ("together", "together", "disabled"):
            google.debug("Reading %s", name)
            try:
                print("was read:", gcp_sm.read(Reference("gcp-sm", f"p/{name}"), client) == value)
            except SecretError as error:
                print("error:", error)
    server.stop(None).wait()


if __name__ == "__main__":
    main(sys.stdin.read())
