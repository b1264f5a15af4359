"""`client.endpoints.hardware`: what deployments run on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...endpoint import get
from ...resource import M, Raw, Resource, Streamed

if TYPE_CHECKING:
    from typing import Unpack

    from ...request import RequestOptions
    from ...types.endpoints.hardware import HardwareListResponse, InferenceInstanceType


class Hardware(Resource[M]):
    """What deployments run on."""

    name = "endpoints.hardware"
    with_raw_response: Hardware[Raw[M]]
    with_streaming_response: Hardware[Streamed[M]]

    @get("/v2/public/inference-instance-types/{id}")
    def retrieve(self, id: str, **options: Unpack[RequestOptions]) -> InferenceInstanceType:
        """A kind of hardware: its GPUs, price, and regions."""
        ...

    @get("/v2/public/inference-instance-types")
    def list(self, **options: Unpack[RequestOptions]) -> HardwareListResponse:
        """All kinds of hardware."""
        ...
