"""AWS Secrets Manager and Parameter Store: boto3 against moto's server, over HTTP."""

from __future__ import annotations

import importlib
import os
import threading
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import pytest

from ..support.http_server import HTTPServer, answer
from .ports import closed_port, silent_port, url_of

REGION = "eu-west-1"
NAME = "/prod/together"


class AWSRig:
    """Both services; moto's server is in this process."""

    extra: str | None = "aws"
    lacks: frozenset[str] = frozenset()
    service: str

    def __init__(self, monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
        moto = importlib.import_module("moto.moto_server.werkzeug_app")
        from werkzeug.serving import make_server

        self._patch = monkeypatch
        self._open = ExitStack()
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        for name in ("CONFIG_FILE", "SHARED_CREDENTIALS_FILE"):
            monkeypatch.setenv(f"AWS_{name}", str(directory / "none"))
        for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
            monkeypatch.setenv(f"AWS_{name}", "testing")
        monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        # The application of moto_server; its own ThreadedMotoServer takes half a second to end.
        application = moto.DomainDispatcherApplication(moto.create_backend_app)
        self._moto = make_server("127.0.0.1", 0, application, threaded=True)
        self._thread = threading.Thread(target=self._moto.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._moto.server_port}"

    def client(self, region: str = REGION) -> Any:
        """A client of the working service."""
        session = importlib.import_module("boto3.session").Session(region_name=region)
        return closing(session.client(self.service, endpoint_url=self.url))

    def point_to(self, url: str) -> None:
        """Have boto3 find the services there."""
        for name in ("SECRETS_MANAGER", "SSM", "STS"):
            self._patch.setenv(f"AWS_ENDPOINT_URL_{name}", url)

    def forbid(self) -> None:
        """moto answers a refusal in another form than AWS, so this answer is AWS's own, from a server of ours."""
        told = "User: arn:aws:sts::123456789012:assumed-role/web is not authorized to perform this action"
        refusal = answer({"__type": "AccessDeniedException", "Message": told}, 400)
        self.point_to(self._open.enter_context(HTTPServer(default=refusal)).url)

    def stop(self) -> None:
        self.point_to(url_of(self._open.enter_context(closed_port())))

    def stall(self) -> None:
        self.point_to(url_of(self._open.enter_context(silent_port())))

    def mend(self) -> None:
        self.point_to(self.url)

    def close(self) -> None:
        self._open.close()
        self._moto.shutdown()
        self._thread.join()
        self._moto.server_close()


class SecretsManagerRig(AWSRig):
    name = "aws-sm"
    service = "secretsmanager"
    reference = "aws-sm:///prod/together"
    missing = "aws-sm://not/there"

    def put(self, value: str) -> None:
        with self.client() as client:
            with suppress(client.exceptions.ResourceExistsException):
                client.create_secret(Name=NAME)
            client.put_secret_value(SecretId=NAME, SecretString=value)


class ParameterStoreRig(AWSRig):
    name = "aws-ssm"
    service = "ssm"
    reference = "aws-ssm:///prod/together"
    missing = "aws-ssm:///not/there"

    def put(self, value: str) -> None:
        with self.client() as client:
            client.put_parameter(Name=NAME, Value=value, Type="SecureString", Overwrite=True)
