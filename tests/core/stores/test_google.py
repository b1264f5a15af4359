"""What only Google Secret Manager has: projects, versions that are disabled, application default credentials."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from together_di import secrets
from together_di.secrets import SecretNotFoundError, gcp_sm

from ..support.forking import in_child
from ..support.leaks import KEY, found_in, safe_repr
from .cloud import Reply
from .google import NAME, TOKENS, GoogleRig, problem
from .ports import silent_port, url_of
from .reading import problem_with, read_from


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[GoogleRig]:
    rig = GoogleRig(monkeypatch, tmp_path)
    rig.put(KEY)
    yield rig
    rig.close()


def read(reference: str = GoogleRig.reference, **options: Any) -> str:
    return read_from(gcp_sm, reference, **options)


def problem_of(reference: str = GoogleRig.reference) -> str:
    return problem_with(gcp_sm, reference)


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("gcp-sm://web-prod/together", "second"),
        ("gcp-sm://web-prod/together?version=1", KEY),
        ("gcp-sm://web-prod/together?version=latest", "second"),
        (f"gcp-sm://{NAME}", "second"),
        (f"gcp-sm://{NAME}?version=1", KEY),
        (f"gcp-sm://{NAME}/versions/1", KEY),
    ],
)
def test_a_version_is_named_either_way(rig: GoogleRig, reference: str, value: str) -> None:
    rig.put("second")
    assert read(reference) == value


def test_a_project_may_belong_to_a_domain(rig: GoogleRig) -> None:
    rig.stored["projects/example.com:web/secrets/together"] = [b"there"]
    assert read("gcp-sm://example.com:web/together") == "there"


@pytest.mark.parametrize(
    "reference",
    [
        "gcp-sm://together",
        "gcp-sm://p/s/5",
        "gcp-sm://p/s%2F..",
        "gcp-sm://p/s?version=../x",
        f"gcp-sm://{NAME}/versions",
    ],
)
def test_a_reference_of_another_form_is_told_the_right_one(rig: GoogleRig, reference: str) -> None:
    assert "write gcp-sm://PROJECT/SECRET" in problem_of(reference)


def test_an_unknown_parameter_is_told_with_the_known_one(rig: GoogleRig) -> None:
    assert "'versions' (did you mean 'version'?)" in problem_of("gcp-sm://p/s?versions=3")


def test_a_version_that_never_was_is_not_found(rig: GoogleRig) -> None:
    with pytest.raises(SecretNotFoundError, match="no such version"):
        read("gcp-sm://web-prod/together?version=9")


def test_a_disabled_version_is_told_as_such(rig: GoogleRig) -> None:
    rig.stored[NAME].append(None)
    assert "the version is disabled or destroyed: enable it, or name another with ?version=" in problem_of()
    assert read("gcp-sm://web-prod/together?version=1") == KEY


def test_one_field_of_json_is_read(rig: GoogleRig) -> None:
    rig.put('{"api_key": "inner"}')
    assert read(f"{rig.reference}#api_key") == "inner"
    with pytest.raises(SecretNotFoundError, match="no text under 'other'"):
        read(f"{rig.reference}#other")


def test_bytes_that_are_no_text_are_refused(rig: GoogleRig) -> None:
    rig.stored[NAME] = [b"\xff\xfe"]
    assert problem_of() == "the secret is not text in UTF-8"


@pytest.mark.parametrize(("code", "status"), [(429, "RESOURCE_EXHAUSTED"), (503, "UNAVAILABLE")])
def test_google_is_asked_again_when_it_is_busy(rig: GoogleRig, waits: list[float], code: int, status: str) -> None:
    rig.problems = [problem(code, status)] * 2
    assert read() == KEY
    assert len(waits) == 2


def test_google_is_not_asked_for_longer_than_there_is_time(rig: GoogleRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "PATIENCE", 0.2)
    rig.problems = [problem(503, "UNAVAILABLE")] * 99
    assert problem_of() in {
        "Google does not answer now, or is asked too often, also after a while",
        "no answer within 0.2 s",
    }


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [
        (401, "UNAUTHENTICATED", "sign in: Google does not accept the credentials"),
        (403, "PERMISSION_DENIED", "denied: the account of the credentials needs the role"),
        (500, "INTERNAL", "failed: InternalServerError"),
    ],
)
def test_a_refusal_says_what_it_means(rig: GoogleRig, code: int, status: str, told: str) -> None:
    rig.problems = [problem(code, status)] * 9
    assert problem_of().startswith(told)


def test_credentials_that_were_withdrawn_are_told_as_a_failed_sign_in(rig: GoogleRig) -> None:
    rig.token = Reply({"error": "invalid_grant", "error_description": KEY}, 400)
    assert problem_of().startswith("sign in: Google refuses the credentials: renew them")
    assert [host for host, _ in rig.cloud.asked] == [TOKENS]


def test_without_credentials_it_says_how_to_get_some_before_the_time_is_over(
    rig: GoogleRig, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    """Outside of Google's cloud, nothing may answer at the address of its metadata server."""
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS")
    monkeypatch.setattr(secrets, "PATIENCE", 2.0)
    with silent_port() as nobody:
        monkeypatch.setenv("HTTP_PROXY", url_of(nobody))
        assert "there are no application default credentials: run gcloud auth" in problem_of()


def test_the_vendors_loggers_do_not_show_the_secret(rig: GoogleRig, caplog: pytest.LogCaptureFixture) -> None:
    google = logging.getLogger("google")
    google.addHandler(caplog.handler)
    try:
        with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, "google"):
            read()
    finally:
        google.removeHandler(caplog.handler)
    assert "google.auth.transport.requests" in {record.name for record in caplog.records}
    assert found_in("\n".join(safe_repr(vars(record)) for record in caplog.records)) == []


def test_a_process_that_has_read_forks_and_its_children_read(rig: GoogleRig) -> None:
    def assert_read() -> None:
        assert read() == KEY

    for _ in range(3):
        assert_read()
        in_child(assert_read)


def test_a_client_of_ones_own_over_grpc_is_used_and_logs_nothing_secret() -> None:
    done = subprocess.run(
        [sys.executable, "-m", f"{__package__}.read_over_grpc"],
        input=KEY, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stdout.splitlines() if line.startswith(("was read:", "error:"))]
    assert told[:2] == ["was read: True"] * 2
    assert "the version is disabled" in told[2]
    assert "logged: google Reading together" in done.stdout
    assert found_in(done.stdout + done.stderr) == []


def test_no_connection_is_left_open(rig: GoogleRig) -> None:
    read()
    for connection in range(rig.cloud.proxy.connections):
        rig.cloud.proxy.wait_until_closed(connection + 1)
