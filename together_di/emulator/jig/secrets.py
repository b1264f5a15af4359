"""`/v1/deployments/secrets`: secrets of containers; a value that came in is forgotten at once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..exchange import Reply, Request, invalid, json_reply
from ..parameters import Parameters
from ..routing import Route
from ..shelf import Shelf, Thing, moment

if TYPE_CHECKING:
    from ..collection import Entry

SECRETS = "/v1/deployments/secrets"
_USER = "user-emulator"
_DAY = 86_400
_LONGEST = 14 * _DAY
_LONGEST_DESCRIPTION = 500


@dataclass(slots=True)
class Secret(Thing):
    """A secret without its value; `changes` counts how often it was updated."""

    changes: int = 0
    details: Entry = field(default_factory=dict[str, object])

    def entry(self) -> Entry:
        """As the API shows it."""
        return {
            "object": "secret",
            "id": self.id,
            "name": self.name,
            **self.details,
            "created_at": moment(0),
            "created_by": _USER,
            "updated_at": moment(self.changes),
            "last_updated_by": _USER,
        }

    def set(self, parameters: Parameters) -> None:
        """Take over what a request says."""
        description = parameters.optional_text("description")
        if len(description) > _LONGEST_DESCRIPTION:
            raise invalid("description", f"`description` is longer than {_LONGEST_DESCRIPTION} characters: shorten it.")
        seconds = parameters.integer("ttl_seconds", minimum=_DAY, maximum=_LONGEST)
        if seconds is not None:
            self.details["ttl_seconds"] = seconds
        lifetime = self.details.get("ttl_seconds")
        if isinstance(lifetime, int) and (seconds is not None or parameters.has("value")):
            self.details["expires_at"] = moment(self.changes + lifetime // 60)
        if parameters.has("description"):
            self.details["description"] = description


class Secrets:
    """The secrets."""

    def __init__(self) -> None:
        self.shelf: Shelf[Secret] = Shelf("secret", SECRETS)

    def routes(self) -> list[Route]:
        """Their routes."""
        one = f"{SECRETS}/{{id}}"
        return [
            Route("POST", SECRETS, self.create),
            Route("GET", SECRETS, self.list),
            Route("GET", one, self.retrieve),
            Route("PATCH", one, self.update),
            Route("DELETE", one, self.delete),
        ]

    def create(self, request: Request) -> Reply:
        """Make a secret."""
        parameters = Parameters.parse(request.body)
        parameters.text("value")
        secret = Secret(request.identifier("secret"), self._name(parameters))
        secret.set(parameters)
        return json_reply(self.shelf.add(secret).entry())

    def _name(self, parameters: Parameters, holder: Secret | None = None) -> str:
        name = parameters.text("name")
        if not re.fullmatch(r"[A-Za-z0-9_./-]{1,100}", name):
            raise invalid("name", "`name` has to be 1 to 100 letters, digits and `_-/.`.")
        return self.shelf.claim(name, holder=holder)

    def list(self, _request: Request) -> Reply:
        """All of them."""
        return json_reply({"object": "list", "data": [secret.entry() for secret in self.shelf.all()]})

    def retrieve(self, request: Request) -> Reply:
        """One."""
        return json_reply(self.shelf.find(request).entry())

    def update(self, request: Request) -> Reply:
        """Change one."""
        secret, parameters = self.shelf.find(request), Parameters.parse(request.body)
        if parameters.has("value"):
            parameters.text("value")
        if parameters.has("name"):
            secret.name = self._name(parameters, secret)
        secret.changes += 1
        secret.set(parameters)
        return json_reply(secret.entry())

    def delete(self, request: Request) -> Reply:
        """Forget one."""
        self.shelf.remove(self.shelf.find(request))
        return json_reply({})
