"""What belongs to no namespace: https://docs.together.ai/reference/whoami."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..endpoint import get
from ..resource import M, Resource
from ..verbs import Verb

if TYPE_CHECKING:
    from typing import Unpack

    from ..request import RequestOptions
    from ..types.account import WhoamiResponse


class Account(Resource[M]):
    """The methods of the client itself."""

    name = "client"

    @get("/v3/whoami")
    def whoami(self, **options: Unpack[RequestOptions]) -> WhoamiResponse:
        """Whom the key belongs to; `type` says which fields there are."""
        ...

    get = Verb("GET")
    post = Verb("POST")
    put = Verb("PUT")
    patch = Verb("PATCH")
    delete = Verb("DELETE")
