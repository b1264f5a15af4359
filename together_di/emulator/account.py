"""`GET /v3/whoami`: whom the key belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .exchange import Reply, json_reply

if TYPE_CHECKING:
    from .exchange import Request

ORGANIZATION_ID = "org-emulator"
PROJECT_ID = "proj-emulator"


def whoami(_request: Request) -> Reply:
    """Return the one project that every key of the emulator belongs to."""
    return json_reply(
        {
            "type": "project_api_key",
            "api_key": {"id": "key-emulator"},
            "organization": {"id": ORGANIZATION_ID, "name": "Emulator"},
            "project": {"id": PROJECT_ID, "name": "Emulator", "slug": "emulator"},
        }
    )
