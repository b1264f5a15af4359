"""A real Secret Service for the keyring: gnome-keyring on a message bus of its own."""

from __future__ import annotations

import gc
import importlib
import os
import shutil
import socket
import subprocess
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from ..support.http_server import PATIENCE

SERVICE = "org.freedesktop.secrets"
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type><listen>unix:path={directory}/bus</listen><auth>EXTERNAL</auth>
  <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>
</busconfig>
"""


class KeyringRig:
    """The keyring library reads the password over D-Bus, from a daemon that was started unlocked."""

    name = "keyring"
    extra: str | None = "keyring"
    lacks: frozenset[str] = frozenset()
    reference = "keyring://together/default"
    missing = "keyring://together/nobody"

    def __init__(self, monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
        if not shutil.which("gnome-keyring-daemon") or not shutil.which("dbus-daemon"):
            pytest.skip("gnome-keyring-daemon or dbus-daemon is not installed")
        self._patch, self._directory = monkeypatch, directory
        self._address = f"unix:path={directory}/bus"
        self._open = ExitStack()
        self._daemon: subprocess.Popen[str] | None = None
        # Which one keyring would choose is its business, and it chooses once for a process.
        backend = importlib.import_module("keyring.backends.SecretService").Keyring()
        monkeypatch.setattr("keyring.core._keyring_backend", backend)
        (directory / "bus.conf").write_text(BUS.format(directory=directory))
        self._bus = self._start("dbus-daemon", f"--config-file={directory}/bus.conf", "--nofork", "--print-address")
        assert self._bus.stdout is not None
        assert self._bus.stdout.readline()

    def _start(self, *command: str, entered: str = "") -> subprocess.Popen[str]:
        own = {name: str(self._directory) for name in ("HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR")}
        environment = {**os.environ, **own, "DBUS_SESSION_BUS_ADDRESS": self._address}
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            command, env=environment, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
        )
        assert process.stdin is not None
        with process.stdin as stdin:
            stdin.write(entered)
        return process

    def put(self, value: str) -> None:
        import keyring

        keyring.set_password("together", "default", value)

    def forbid(self) -> None:
        """Lock it; nobody is there to be asked for its password, so it stays locked."""
        import secretstorage

        with closing(secretstorage.dbus_init()) as bus:
            secretstorage.get_default_collection(bus).lock()

    def stop(self) -> None:
        """End the daemon; the bus goes on without it."""
        if self._daemon is not None:
            _end(self._daemon)
            self._daemon = None

    def stall(self) -> None:
        path = str(self._directory / "silent")
        silent = self._open.enter_context(socket.socket(socket.AF_UNIX))
        silent.bind(path)
        silent.listen()
        self._patch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={path}")

    def mend(self) -> None:
        """Start the daemon anew: that unlocks it too."""
        self._patch.setenv("DBUS_SESSION_BUS_ADDRESS", self._address)
        self.stop()
        options = ("--foreground", "--unlock", "--components=secrets")
        self._daemon = self._start("gnome-keyring-daemon", *options, entered="password")
        self._wait_for_daemon()

    def _wait_for_daemon(self) -> None:
        jeepney = importlib.import_module("jeepney")
        connect = importlib.import_module("jeepney.io.blocking").open_dbus_connection
        came = jeepney.MatchRule(type="signal", interface="org.freedesktop.DBus", member="NameOwnerChanged")
        came.add_arg_condition(0, SERVICE)
        with closing(connect(self._address)) as bus, bus.filter(came) as news:
            bus.send_and_get_reply(jeepney.message_bus.AddMatch(came))
            if not bus.send_and_get_reply(jeepney.message_bus.NameHasOwner(SERVICE)).body[0]:
                bus.recv_until_filtered(news, timeout=PATIENCE)

    def close(self) -> None:
        self.stop()
        _end(self._bus)
        self._open.close()
        # After an error, keyring leaves its connections to the garbage collector.
        gc.collect()


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    with process:
        process.wait(PATIENCE)
