"""`client.beta`: https://docs.together.ai/reference/deployments-create."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...resource import M, Raw, Resource, Streamed
from .jig import Jig

if TYPE_CHECKING:
    from ...engine import Engine


class Beta(Resource[M]):
    """What may still change."""

    name = "beta"
    with_raw_response: Beta[Raw[M]]
    with_streaming_response: Beta[Streamed[M]]

    def __init__(self, engine: Engine[Any]) -> None:
        super().__init__(engine)
        self.jig: Jig[M] = Jig(engine)
