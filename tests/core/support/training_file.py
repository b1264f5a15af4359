"""A file for fine-tuning."""

from together_di.multipart import CHUNK

LINES = b'{"text": "one"}\n' * 40_000  # more than two reads
assert len(LINES) > 2 * CHUNK
