"""The limit on libraries that may hang."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import threading
from together_di import secrets
from together_di.secrets._bounded import bounded
secrets.PATIENCE = 0.05
try:
    bounded(threading.Event().wait)
except secrets.SecretError as error:
    print(error)
"""


def test_a_process_ends_while_a_library_hangs() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout == "no answer within 0.05 s\n"
