"""`/v1/compute/clusters`: clusters, ready when they have been read twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..account import PROJECT_ID
from ..exchange import Reply, Request, invalid, json_reply
from ..parameters import Parameters
from ..routing import Route
from ..shelf import Shelf, Thing, json_object, moment
from .regions import check_region, chosen_driver, chosen_gpu, list_regions

if TYPE_CHECKING:
    from ..collection import Entries, Entry
    from ..exchange import JsonObject
    from .storage import SharedVolume, Storage

CLUSTERS = "/v1/compute/clusters"
_GPUS_OF_A_NODE = 8
#: Status, phase and the nodes' phase, from read to read.
_STEPS = (
    ("WaitingForControlPlaneNodes", "CLUSTER_PHASE_WAITING_FOR_CONTROL_PLANE_NODES", "NODE_PHASE_PENDING"),
    ("InstallingDrivers", "CLUSTER_PHASE_INSTALLING_DRIVERS", "NODE_PHASE_BOOTSTRAPPING"),
    ("Ready", "CLUSTER_PHASE_READY", "NODE_PHASE_RUNNING"),
)
_READY = len(_STEPS) - 1
_BILLING = ("RESERVED", "ON_DEMAND", "SCHEDULED_CAPACITY")
_TYPES = ("KUBERNETES", "SLURM")
_NUMBERS = ("num_capacity_pool_gpus", "num_preemptible_gpus", "num_reserved_gpus")
_AS_GIVEN = (
    "capacity_pool_id", "cluster_config", "install_traefik", "oidc_config", "reservation_end_time",
    "reservation_start_time", "slurm_shm_size_gib",
)  # fmt: skip


@dataclass(slots=True)
class Cluster(Thing):
    """A cluster; `settings` are the fields that no state changes."""

    settings: Entry
    gpus: int
    numbers: dict[str, int]
    add_ons: dict[str, JsonObject]
    volume: SharedVolume | None = None
    step: int = 0

    @property
    def is_ready(self) -> bool:
        """Whether it can be used."""
        return self.step == _READY

    def instances(self) -> list[str]:
        """The ids of its machines with GPUs."""
        return [f"{self.id}-instance-{number}" for number in range(self.gpus // _GPUS_OF_A_NODE)]

    def entry(self) -> Entry:
        """As the API shows it."""
        status, _, _ = _STEPS[self.step]
        preemptible = self.numbers["num_preemptible_gpus"]
        return {
            "cluster_id": self.id,
            "cluster_name": self.name,
            **self.settings,
            "status": status,
            "num_gpus": self.gpus,
            "num_capacity_pool_gpus": self.numbers["num_capacity_pool_gpus"],
            "num_reserved_gpus": self.numbers["num_reserved_gpus"],
            "desired_preemptible_gpus": preemptible,
            "allocated_preemptible_gpus": preemptible if self.is_ready else 0,
            "num_cpu_workers": 0,
            "control_plane_ready": self.step > 0,
            "control_plane_nodes": [self._node("control-plane-0") | {"network": "10.0.0.0/24"}],
            "gpu_worker_nodes": [self._worker(instance) for instance in self.instances()],
            "kube_config": _kube_config(self.name) if self.is_ready else "",
            "phase_transitions": _transitions(self.step, 1),
            "volumes": [self.volume.entry()] if self.volume else [],
            "add_ons": [_add_on(name, self.add_ons[name]) for name in self.add_ons],
            "created_at": moment(0),
        }

    def _worker(self, instance: str) -> Entry:
        node = self._node(instance.removeprefix(f"{self.id}-"))
        return node | {"networks": ["10.0.0.0/24"], "num_gpus": _GPUS_OF_A_NODE, "instance_id": instance}

    def _node(self, name: str) -> Entry:
        return {
            "node_id": f"{self.id}-{name}",
            "host_name": f"{self.name}-{name}",
            "status": "Running" if self.is_ready else "Pending",
            "num_cpu_cores": 96,
            "memory_gib": 1024,
            "phase_transitions": _transitions(self.step, 2),
        }


class Clusters:
    """The clusters."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.shelf: Shelf[Cluster] = Shelf("cluster", CLUSTERS)

    def routes(self) -> list[Route]:
        """Their routes."""
        one = f"{CLUSTERS}/{{id}}"
        return [
            Route("GET", "/v1/compute/regions", list_regions),
            Route("POST", CLUSTERS, self.create),
            Route("GET", CLUSTERS, self.list),
            Route("GET", one, self.retrieve),
            Route("PUT", one, self.update),
            Route("DELETE", one, self.delete),
        ]

    def create(self, request: Request) -> Reply:
        """Make a cluster."""
        parameters = Parameters.parse(request.body)
        settings, gpus = _settings(parameters), _gpus(parameters, "num_gpus", minimum=_GPUS_OF_A_NODE)
        if not gpus:
            raise invalid("num_gpus", "`num_gpus` is required: add it to the request body.", code="missing_required")
        name = self.shelf.claim(parameters.text("cluster_name"), param="cluster_name")
        numbers = {number: _gpus(parameters, number) or 0 for number in _NUMBERS}
        cluster = Cluster(request.identifier("cluster"), name, settings, gpus, numbers, _add_ons(parameters))
        cluster.volume = self._volume(request, parameters)
        if cluster.volume:
            cluster.volume.bound_to = cluster.id
        return json_reply(self.shelf.add(cluster).entry())

    def _volume(self, request: Request, parameters: Parameters) -> SharedVolume | None:
        if parameters.has("shared_volume"):
            return self._storage.make(request, Parameters(parameters.mapping("shared_volume")))
        return self._storage.named(parameters) if parameters.has("volume_id") else None

    def list(self, request: Request) -> Reply:
        """Those of a project, or all."""
        project = request.query.get("projectId")
        entries = [cluster.entry() for cluster in self.shelf.all()]
        return json_reply({"clusters": [entry for entry in entries if project in {None, entry["project_id"]}]})

    def retrieve(self, request: Request) -> Reply:
        """One, further on than when it was read last."""
        cluster = self.shelf.find(request)
        cluster.step = min(cluster.step + 1, _READY)
        return json_reply(cluster.entry())

    def update(self, request: Request) -> Reply:
        """Change one; new machines take a read to come."""
        cluster, parameters = self.shelf.find(request), Parameters.parse(request.body)
        if parameters.has("cluster_type"):
            cluster.settings["cluster_type"] = parameters.choice("cluster_type", _TYPES, "KUBERNETES")
        cluster.settings |= {name: parameters.get(name) for name in _AS_GIVEN if parameters.has(name)}
        cluster.numbers |= {name: _gpus(parameters, name) or 0 for name in _NUMBERS if parameters.has(name)}
        gpus = _gpus(parameters, "num_gpus", minimum=_GPUS_OF_A_NODE) or cluster.gpus
        if gpus != cluster.gpus:
            cluster.gpus, cluster.step = gpus, _READY - 1
        cluster.add_ons |= _add_ons(parameters, cluster.add_ons)
        return json_reply(cluster.entry())

    def delete(self, request: Request) -> Reply:
        """Delete one."""
        cluster = self.shelf.find(request)
        self.shelf.remove(cluster)
        self._storage.release(cluster.id)
        return json_reply({"cluster_id": cluster.id})


def _settings(parameters: Parameters) -> Entry:
    parameters.text("billing_type")
    billing = parameters.choice("billing_type", _BILLING, "ON_DEMAND")
    region = check_region(parameters)
    kind = parameters.choice("cluster_type", _TYPES, "KUBERNETES")
    needed = {"SLURM": "slurm_shm_size_gib", "SCHEDULED_CAPACITY": "reservation_end_time"}
    for value in (kind, billing):
        if value in needed:
            parameters.required(needed[value])
    identifier, cuda, driver = chosen_driver(parameters, region)
    return {
        "billing_type": billing,
        "cluster_type": kind,
        "region": region,
        "gpu_type": chosen_gpu(parameters, region),
        "nvidia_driver_version_id": identifier,
        "cuda_version": cuda,
        "nvidia_driver_version": driver,
        "project_id": parameters.optional_text("project_id") or PROJECT_ID,
        **{name: parameters.get(name) for name in _AS_GIVEN if parameters.has(name)},
    }


def _gpus(parameters: Parameters, name: str, *, minimum: int = 0) -> int | None:
    gpus = parameters.integer(name, minimum=minimum)
    if gpus is not None and gpus % _GPUS_OF_A_NODE:
        raise invalid(name, f"`{name}` is {gpus}: it has to be a multiple of {_GPUS_OF_A_NODE}.")
    return gpus


def _add_ons(parameters: Parameters, present: dict[str, JsonObject] | None = None) -> dict[str, JsonObject]:
    """The add-ons of a request by their name; those that are there keep what is not said."""
    found: dict[str, JsonObject] = {}
    for index, item in enumerate(parameters.items("add_ons")):
        values = json_object(f"add_ons.{index}", item)
        name = Parameters(values).text("name")
        found[name] = {"add_on_type": name, **(present or {}).get(name, {}), **values}
    return found


def _add_on(name: str, values: JsonObject) -> Entry:
    config = values.get("config") or {}
    return {"name": name, "add_on_type": values["add_on_type"], "config": config, "state": {}}


def _transitions(step: int, column: int) -> Entries:
    return [{"phase": _STEPS[past][column], "transition_time": moment(past)} for past in range(step + 1)]


def _kube_config(name: str) -> str:
    return f"apiVersion: v1\nkind: Config\nclusters:\n- name: {name}\n  cluster:\n    server: https://{name}.invalid\n"
