"""`/v1/compute/clusters/{cluster}/instances/{instance}/remediations`: repairs of a cluster's machines.

In a cluster with more than one machine, the last one has a fault when the cluster is ready: its repair waits for
approval.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..exchange import Reply, Request, invalid, json_reply, not_found
from ..parameters import Parameters
from ..routing import Route
from ..shelf import conflict, moment, whole_number
from .clusters import CLUSTERS

if TYPE_CHECKING:
    from ..collection import Entry
    from .clusters import Cluster, Clusters

_PATH = f"{CLUSTERS}/{{id}}/instances/{{instance_id}}/remediations"
_POWER_CYCLE = "REMEDIATION_MODE_HOST_POWER_CYCLE"
_MODES = (
    "REMEDIATION_MODE_VM_ONLY", "REMEDIATION_MODE_HOST_AWARE", "REMEDIATION_MODE_EVICT_WITHOUT_REPLACEMENT",
    "REMEDIATION_MODE_REBOOT_VM", _POWER_CYCLE,
)  # fmt: skip
_NEXT = {"PENDING": "RUNNING", "RUNNING": "SUCCEEDED"}
_WAITING = "PENDING_APPROVAL"
_EVERY_INSTANCE = "-"
_PAGE = 20


@dataclass(slots=True)
class Remediation:
    """A repair."""

    id: str
    cluster: str
    instance: str
    mode: str
    trigger: str = "REMEDIATION_TRIGGER_MANUAL"
    state: str = "PENDING"
    details: Entry = field(default_factory=dict[str, object])

    def entry(self) -> Entry:
        """As the API shows it."""
        return {
            "id": self.id,
            "cluster_id": self.cluster,
            "instance_id": self.instance,
            "mode": self.mode,
            "trigger": self.trigger,
            "state": self.state,
            "create_time": moment(3),
            **self.details,
        }


class Remediations:
    """The repairs of all clusters."""

    def __init__(self, clusters: Clusters) -> None:
        self._clusters = clusters
        self._all: dict[str, Remediation] = {}

    def routes(self) -> list[Route]:
        """Their routes."""
        one = f"{_PATH}/{{remediation_id}}"
        return [
            Route("POST", _PATH, self.create),
            Route("GET", _PATH, self.list),
            Route("GET", one, self.retrieve),
            Route("POST", f"{one}/approve", self.approve),
            Route("POST", f"{one}/reject", self.reject),
            Route("POST", f"{one}/cancel", self.cancel),
        ]

    def create(self, request: Request) -> Reply:
        """Ask for a repair, which needs no approval."""
        cluster, instance = self._machine(request)
        if instance == _EVERY_INSTANCE:
            raise invalid("instance_id", "`instance_id` is `-`, which is for lists: name one instance.")
        parameters = Parameters.parse(request.body)
        parameters.text("mode")
        mode = parameters.choice("mode", _MODES, "")
        made = Remediation(request.identifier("remediation"), cluster.id, instance, mode)
        made.details = {"reason": parameters.optional_text("reason"), "requested_by": "user-emulator"}
        self._all[made.id] = made
        return json_reply(made.entry())

    def list(self, request: Request) -> Reply:
        """A page of those of a machine, or of all with `-`."""
        cluster, instance = self._machine(request)
        found = [
            entry
            for remediation in self._all.values()
            if remediation.cluster == cluster.id and instance in {_EVERY_INSTANCE, remediation.instance}
            if _is_wanted(entry := remediation.entry(), request)
        ]
        field_name, _, direction = request.query.get("order_by", "create_time").partition(" ")
        if any(field_name not in entry for entry in found):
            raise invalid("order_by", f"`order_by` is {field_name!r}: use a field, such as `create_time desc`.")
        found.sort(key=lambda entry: str(entry[field_name]), reverse=direction == "desc")
        start, size = whole_number(request, "page_token", 0), whole_number(request, "page_size", _PAGE) or _PAGE
        more = start + size < len(found)
        page = {"has_next": more, "next_page_token": str(start + size) if more else ""}
        return json_reply({"remediations": found[start : start + size], **page})

    def retrieve(self, request: Request) -> Reply:
        """One, and then it moves on."""
        remediation = self._find(request)
        answer = json_reply(remediation.entry())
        remediation.state = _NEXT.get(remediation.state, remediation.state)
        return answer

    def approve(self, request: Request) -> Reply:
        """Let one begin."""
        parameters = Parameters.parse(request.body)
        remediation = self._in_state(request, _WAITING)
        mode = parameters.choice("mode", _MODES, remediation.mode)
        if parameters.get("mode") == _POWER_CYCLE:
            raise invalid("mode", f"`mode` cannot become {_POWER_CYCLE}: create such a remediation instead.")
        remediation.mode = mode
        return _reviewed(remediation, "PENDING", parameters)

    def reject(self, request: Request) -> Reply:
        """Let one not begin."""
        return _reviewed(self._in_state(request, _WAITING), "CANCELLED", Parameters.parse(request.body))

    def cancel(self, request: Request) -> Reply:
        """Call one off."""
        remediation = self._in_state(request, _WAITING, "PENDING")
        remediation.state = "CANCELLED"
        return json_reply(remediation.entry())

    def _machine(self, request: Request) -> tuple[Cluster, str]:
        """The cluster and the instance in the path."""
        cluster, instance = self._clusters.shelf.find(request), request.path_values["instance_id"]
        if instance not in {_EVERY_INSTANCE, *cluster.instances()}:
            raise not_found("instance", instance, "The cluster's `gpu_worker_nodes` have the `instance_id`.")
        if cluster.is_ready and len(cluster.instances()) > 1:
            faulty = _faulty(cluster)
            self._all.setdefault(faulty.id, faulty)
        return cluster, instance

    def _find(self, request: Request) -> Remediation:
        cluster, instance = self._machine(request)
        identifier = request.path_values["remediation_id"]
        found = self._all.get(identifier)
        if found is None or found.cluster != cluster.id or instance not in {_EVERY_INSTANCE, found.instance}:
            raise not_found("remediation", identifier, f"GET {_PATH} lists those there are.")
        return found

    def _in_state(self, request: Request, *states: str) -> Remediation:
        remediation = self._find(request)
        if remediation.state not in states:
            raise conflict(f"The remediation is {remediation.state}: it has to be {' or '.join(states)}.")
        return remediation


def _reviewed(remediation: Remediation, state: str, parameters: Parameters) -> Reply:
    remediation.state = state
    review = {"reviewed_by": "user-emulator", "review_time": moment(4), "review_comment": parameters.get("comment")}
    remediation.details |= review
    return json_reply(remediation.entry())


def _is_wanted(entry: Entry, request: Request) -> bool:
    filters = {name: request.query.get(name, "") for name in ("mode", "state", "trigger")}
    return all(not wanted or entry[name] in wanted.split(",") for name, wanted in filters.items())


def _faulty(cluster: Cluster) -> Remediation:
    instance = cluster.instances()[-1]
    alert = {
        "alert_name": "DmesgXidError",
        "annotation": {
            "title": "A GPU reported an error",
            "description": "The driver wrote an Xid code to the kernel's log.",
            "summary_line": "Xid 79 once",
            "xid": {"events": [{"xid_code": "79", "mnemonic": "GPU_LOST", "count": 1}]},
        },
        "annotations": {},
        "cluster_id": cluster.id,
        "instance_id": instance,
        "passive_health_check_alert_id": f"alert-{instance}",
        "severity": "PHC_SEVERITY_CRITICAL",
        "started_at": moment(3),
        "target_vm": instance,
    }
    return Remediation(
        f"remediation-{instance}",
        cluster.id,
        instance,
        "REMEDIATION_MODE_HOST_AWARE",
        "REMEDIATION_TRIGGER_AUTOMATED",
        _WAITING,
        {"linked_alerts": [alert], "requested_by": "system"},
    )
