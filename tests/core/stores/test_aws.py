"""AWS Secrets Manager and Parameter Store: what their references may say, and what AWS may answer."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from together_di import secrets
from together_di.secrets import Reference, SecretError, SecretNotFoundError, aws_sm, aws_ssm

from ..support.http_server import Answer, HTTPServer, answer, message, raw
from .aws import NAME, REGION, ParameterStoreRig, SecretsManagerRig
from .ports import silent_port, url_of


@pytest.fixture
def secrets_manager(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[SecretsManagerRig]:
    with closing(SecretsManagerRig(monkeypatch, tmp_path)) as rig:
        rig.mend()
        yield rig


@pytest.fixture
def parameter_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ParameterStoreRig]:
    with closing(ParameterStoreRig(monkeypatch, tmp_path)) as rig:
        rig.mend()
        yield rig


def read(text: str, client: Any = None) -> str:
    reference = Reference.parse(text)
    assert reference is not None
    return {"aws-sm": aws_sm.read, "aws-ssm": aws_ssm.read}[reference.scheme](reference, client)


def test_a_field_of_a_secret(secrets_manager: SecretsManagerRig) -> None:
    secrets_manager.put('{"api_key": "k", "other": "x"}')
    assert read("aws-sm:///prod/together#api_key") == "k"
    with pytest.raises(SecretNotFoundError, match="no text under 'missing'"):
        read("aws-sm:///prod/together#missing")


def test_an_earlier_version_by_stage_and_by_id(secrets_manager: SecretsManagerRig) -> None:
    secrets_manager.put("k1")
    secrets_manager.put("k2")
    with secrets_manager.client() as client:
        version = client.get_secret_value(SecretId=NAME, VersionStage="AWSPREVIOUS")["VersionId"]
    assert read(f"aws-sm://{NAME}") == "k2"
    assert read(f"aws-sm://{NAME}?stage=AWSPREVIOUS") == "k1"
    assert read(f"aws-sm://{NAME}?version={version}") == "k1"
    with pytest.raises(SecretNotFoundError, match="no such version"):
        read(f"aws-sm://{NAME}?version=00000000-0000-0000-0000-000000000000")


def test_a_region_in_the_reference_or_in_an_arn_is_the_one_that_is_asked(secrets_manager: SecretsManagerRig) -> None:
    with secrets_manager.client("us-west-2") as client:
        arn = client.create_secret(Name="elsewhere", SecretString="k")["ARN"]
    assert read("aws-sm://elsewhere?region=us-west-2") == "k"
    assert read(f"aws-sm://{arn}") == "k"
    with pytest.raises(SecretNotFoundError, match=f"in the region {REGION}"):
        read("aws-sm://elsewhere")


def test_a_secret_of_bytes(secrets_manager: SecretsManagerRig) -> None:
    with secrets_manager.client() as client:
        client.create_secret(Name="bytes", SecretBinary="käy".encode())
        client.create_secret(Name="no-text", SecretBinary=b"\xff")
    assert read("aws-sm://bytes") == "käy"
    with pytest.raises(SecretError, match="not text in UTF-8"):
        read("aws-sm://no-text")


def test_a_deleted_secret_is_told_as_such(secrets_manager: SecretsManagerRig) -> None:
    with secrets_manager.client() as client:
        client.create_secret(Name="deleted", SecretString="k")
        client.delete_secret(SecretId="deleted")
    with pytest.raises(SecretError, match="marked for deletion"):
        read("aws-sm://deleted")


def test_a_version_of_a_parameter_is_part_of_its_name(parameter_store: ParameterStoreRig) -> None:
    parameter_store.put("k1")
    parameter_store.put('{"api_key": "k2"}')
    with parameter_store.client() as client:
        version = client.get_parameter(Name=NAME)["Parameter"]["Version"]
    assert read("aws-ssm:///prod/together#api_key") == "k2"
    assert read(f"aws-ssm:///prod/together:{version - 1}") == "k1"


def test_a_client_of_the_users_own_is_used_and_left_open(secrets_manager: SecretsManagerRig) -> None:
    secrets_manager.put("k")
    with secrets_manager.client() as client:
        secrets_manager.stop()
        for _ in range(2):
            assert read(f"aws-sm://{NAME}", client) == "k"


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("aws-sm://?region=eu-west-1", "name is missing: write aws-sm://NAME"),
        ("aws-ssm:///", "name is missing: write aws-ssm://NAME"),
        (
            "aws-sm://a?regoin=eu-west-1",
            r"no parameter is called 'regoin' \(did you mean 'region'\?\); known: \?region=",
        ),
        ("aws-ssm://a?version=1", "no parameter is called 'version'"),
        ("aws-ssm://prod/together", "write aws-ssm:///prod/together, with three slashes"),
    ],
)
def test_a_wrong_reference_is_told_with_the_right_form(reference: str, told: str) -> None:
    with pytest.raises(SecretError, match=told):
        read(reference)


def test_no_credentials(secrets_manager: SecretsManagerRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(SecretError, match=r"sign in: there are no AWS credentials: .*AWS_PROFILE"):
        read("aws-sm://a")


def test_a_profile_that_is_not_there(secrets_manager: SecretsManagerRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(SecretError, match="no profile of the name in AWS_PROFILE"):
        read("aws-sm://a")


def test_no_region(secrets_manager: SecretsManagerRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(SecretError, match=r"write \?region="):
        read("aws-sm://a")


def refusal(code: str, status: int = 400) -> Answer:
    """In the form of AWS; moto never gives most of these."""
    return answer({"__type": code, "Message": "hunter2"}, status)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("UnrecognizedClientException", "sign in: AWS does not accept the credentials"),
        ("ExpiredTokenException", "sign in: AWS does not accept the credentials"),
        ("AccessDeniedException", "denied: .*GetSecretValue"),
        ("DecryptionFailure", "KMS key"),
        ("SomethingNewException", "failed .*GetSecretValue: SomethingNewException"),
    ],
)
def test_what_aws_answers_is_told_by_its_code_and_not_by_its_text(
    secrets_manager: SecretsManagerRig, code: str, told: str
) -> None:
    with HTTPServer(default=refusal(code)) as server:
        secrets_manager.point_to(server.url)
        with pytest.raises(SecretError, match=told) as caught:
            read("aws-sm://a")
    assert "hunter2" not in str(caught.value)


def test_an_error_of_the_server_is_tried_again_once(secrets_manager: SecretsManagerRig) -> None:
    busy = refusal("InternalServiceError", 500)
    with HTTPServer(busy, answer({"Name": "a", "SecretString": "k"}), busy, busy) as server:
        secrets_manager.point_to(server.url)
        assert read("aws-sm://a") == "k"
        with pytest.raises(SecretError, match="InternalServiceError"):
            read("aws-sm://a")
        assert len(server.requests) == 4


def test_the_search_for_credentials_has_a_limit_too(
    secrets_manager: SecretsManagerRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a machine whose address for metadata is filtered."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_EC2_METADATA_DISABLED"):
        monkeypatch.delenv(name)
    monkeypatch.setattr(secrets, "PATIENCE", 0.1)
    with silent_port() as metadata:
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", url_of(metadata))
        with pytest.raises(SecretError, match=r"no answer within 0\.1 s"):
            read("aws-sm://a")


@pytest.mark.parametrize("reference", ["aws-sm://a", "aws-ssm://a"])
def test_an_answer_that_is_not_of_aws(secrets_manager: SecretsManagerRig, reference: str) -> None:
    """As of a proxy that wants a login first."""
    with HTTPServer(default=raw(message(b"<html>", 200, {"Content-Type": "text/html"}))) as server:
        secrets_manager.point_to(server.url)
        with pytest.raises(SecretError, match="is a proxy in between"):
            read(reference)


def test_signing_in_by_a_role_has_the_same_limits(
    secrets_manager: SecretsManagerRig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The role of a Kubernetes service account is taken on by another client, that of STS."""
    token = tmp_path / "token"
    token.write_text("token")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(token))
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/web")
    body = b"<ErrorResponse><Error><Code>InternalFailure</Code></Error></ErrorResponse>"
    with HTTPServer(default=raw(message(body, 500, {"Content-Type": "text/xml"}))) as server:
        secrets_manager.point_to(server.url)
        with pytest.raises(SecretError, match="AssumeRoleWithWebIdentity: InternalFailure"):
            read("aws-sm://a")
        assert len(server.requests) == 2


def test_botocore_would_log_the_secret(
    secrets_manager: SecretsManagerRig, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If this fails, the filter is no longer needed."""
    secrets_manager.put("hunter2")
    with caplog.at_level(logging.DEBUG, "botocore"):
        read(f"aws-sm://{NAME}")
        assert "hunter2" not in caplog.text
        with secrets_manager.client() as client:
            client.get_secret_value(SecretId=NAME)
        assert "hunter2" in caplog.text
