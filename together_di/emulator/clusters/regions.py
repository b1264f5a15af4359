"""`GET /v1/compute/regions`: where clusters can be, with which GPUs and drivers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exchange import Reply, Request, invalid, json_reply

if TYPE_CHECKING:
    from ..parameters import Parameters

GPU_TYPES = ("H100_SXM", "H200_SXM", "RTX_6000_PCI", "L40_PCIE", "B200_SXM", "H100_SXM_INF", "B300_SXM", "GB200_SXM")
_REGIONS = {"us-central-8": ("H100_SXM", "H200_SXM"), "us-east-1": GPU_TYPES}
#: CUDA and the driver that goes with it.
_DRIVERS = (("12.6", "560"), ("13.0", "580"))


def list_regions(_request: Request) -> Reply:
    """Return the regions."""
    return json_reply({"regions": [_region(name) for name in _REGIONS]})


def _region(name: str) -> dict[str, object]:
    drivers = [
        {"id": _driver_id(name, cuda), "cuda_version": cuda, "nvidia_driver_version": driver, "os": "ubuntu-22.04"}
        for cuda, driver in _DRIVERS
    ]
    return {"name": name, "supported_instance_types": list(_REGIONS[name]), "driver_versions": drivers}


def _driver_id(region: str, cuda: str) -> str:
    return f"nv-{region}-cuda-{cuda}"


def check_region(parameters: Parameters) -> str:
    """The region in a request."""
    region = parameters.text("region")
    if region not in _REGIONS:
        raise invalid("region", f"`region` is {region!r}: use one of {', '.join(_REGIONS)}.")
    return region


def chosen_gpu(parameters: Parameters, region: str) -> str:
    """The GPUs that a request asks for."""
    gpu = parameters.text("gpu_type")
    if gpu not in _REGIONS[region]:
        raise invalid("gpu_type", f"`gpu_type` is {gpu!r}: {region} has {', '.join(_REGIONS[region])}.")
    return gpu


def chosen_driver(parameters: Parameters, region: str) -> tuple[str, str, str]:
    """The id, CUDA and driver version that a request asks for, in either way."""
    wanted = parameters.optional_text("nvidia_version_id")
    pair = (parameters.optional_text("cuda_version"), parameters.optional_text("nvidia_driver_version"))
    if not wanted and not all(pair):
        message = "`nvidia_version_id` is required, or `cuda_version` and `nvidia_driver_version`: add one of these."
        raise invalid("nvidia_version_id", message, code="missing_required")
    for cuda, driver in _DRIVERS:
        identifier = _driver_id(region, cuda)
        if wanted in {"", identifier} and all(
            given in {"", has} for given, has in zip(pair, (cuda, driver), strict=True)
        ):
            return identifier, cuda, driver
    param = "nvidia_version_id" if wanted else "cuda_version"
    raise invalid(param, f"`{param}` is of no driver of {region}: GET /v1/compute/regions lists those there are.")
