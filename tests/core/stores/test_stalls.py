"""What is left behind when a store was given up on."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import pytest

from together_di import secrets
from together_di.secrets import Reference, SecretError, store_for

from ..support.http_server import PATIENCE
from .azure import AzureRig
from .google import GoogleRig
from .vault import VaultRig


@pytest.mark.parametrize("kind", [VaultRig, GoogleRig, AzureRig], ids=lambda kind: kind.name)
def test_a_thread_that_waits_in_vain_for_a_store_ends_by_itself(
    kind: type[VaultRig | GoogleRig | AzureRig], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(secrets, "PATIENCE", 0.1)
    reference = Reference.parse(kind.reference)
    assert reference is not None
    before = {*threading.enumerate()}
    with closing(kind(monkeypatch, tmp_path)) as rig:
        rig.stall()
        with pytest.raises(SecretError, match="no answer"):
            store_for(reference).read(reference)
        waiting = [one for one in threading.enumerate() if one not in before and "secret store" in one.name]
        for thread in waiting:
            thread.join(PATIENCE)
        assert [thread for thread in waiting if thread.is_alive()] == []
