"""How tests run on any machine."""

from __future__ import annotations

import signal

import hypothesis

# No test depends on how fast the machine is; and the same examples each time.
hypothesis.settings.register_profile("calm", deadline=None, derandomize=True)
hypothesis.settings.load_profile("calm")

# Where a shell started the tests in the background, Ctrl-C is ignored, and what they start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
