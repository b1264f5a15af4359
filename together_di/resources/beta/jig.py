"""`client.beta.jig`: https://docs.together.ai/reference/deployments-create."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ..._sentinels import NotGiven, not_given
from ...endpoint import delete, get, patch, post
from ...resource import M, Raw, Resource, Streamed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Unpack

    from ...engine import Engine
    from ...request import RequestOptions
    from ...types.beta.jig import (
        Deployment,
        DeploymentLogs,
        DeploymentRevision,
        DeploymentRevisionEventList,
        EnvironmentVariableParam,
        JigAutoscalingParam,
        JigCapacityType,
        JigGPUType,
        JigListResponse,
        ModelMountParam,
        QueueCancelResponse,
        QueueClearResponse,
        QueueMetricsResponse,
        QueueRetrieveResponse,
        QueueSubmitResponse,
        Secret,
        SecretListResponse,
        Volume,
        VolumeContentParam,
        VolumeListResponse,
        VolumeMountParam,
    )

SECRETS = "/v1/deployments/secrets"
VOLUMES = "/v1/deployments/storage/volumes"


class Queue(Resource[M]):
    """Requests that wait for a deployment."""

    name = "beta.jig.queue"
    with_raw_response: Queue[Raw[M]]
    with_streaming_response: Queue[Streamed[M]]

    @get("/v1/queue/status")
    def retrieve(self, *, model: str, request_id: str, **options: Unpack[RequestOptions]) -> QueueRetrieveResponse:
        """How far a request is, and what came of it."""
        ...

    @post("/v1/queue/cancel")
    def cancel(self, *, model: str, request_id: str, **options: Unpack[RequestOptions]) -> QueueCancelResponse:
        """Take a request that waits out of the queue.

        Raises:
            ConflictError: It no longer waits.
        """
        ...

    @post("/v1/queue/clear")
    def clear(self, *, model: str, **options: Unpack[RequestOptions]) -> QueueClearResponse:
        """Take all requests that wait out of the queue."""
        ...

    @get("/v1/queue/metrics")
    def metrics(self, *, model: str, **options: Unpack[RequestOptions]) -> QueueMetricsResponse:
        """How many requests wait and run."""
        ...

    @post("/v1/queue/submit")
    def submit(
        self,
        *,
        model: str,
        payload: Mapping[str, object],
        info: Mapping[str, object] | NotGiven = not_given,
        priority: int | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> QueueSubmitResponse:
        """Put a request into the queue.

        Args:
            model: The deployment's name.
            payload: What the deployment is given, as it is.
            info: Your notes; the deployment may add to them.
            priority: Higher ones go first.
        """
        ...


class Volumes(Resource[M]):
    """Files that containers read; `id` may be a name."""

    name = "beta.jig.volumes"
    with_raw_response: Volumes[Raw[M]]
    with_streaming_response: Volumes[Streamed[M]]

    @post(VOLUMES)
    def create(
        self,
        *,
        content: VolumeContentParam,
        name: str,
        type: Literal["readOnly"],
        **options: Unpack[RequestOptions],
    ) -> Volume:
        """Make a volume."""
        ...

    @get(f"{VOLUMES}/{{id}}")
    def retrieve(self, id: str, *, version: int | NotGiven = not_given, **options: Unpack[RequestOptions]) -> Volume:
        """A volume, with the content of `version` or of the current one."""
        ...

    @patch(f"{VOLUMES}/{{id}}")
    def update(
        self,
        id: str,
        *,
        content: VolumeContentParam | NotGiven = not_given,
        name: str | NotGiven = not_given,
        type: Literal["readOnly"] | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Volume:
        """Change a volume; new `content` makes a new version."""
        ...

    @get(VOLUMES)
    def list(self, **options: Unpack[RequestOptions]) -> VolumeListResponse:
        """The volumes."""
        ...

    @delete(f"{VOLUMES}/{{id}}")
    def delete(self, id: str, **options: Unpack[RequestOptions]) -> object:
        """Delete a volume and what is on it."""
        ...


class Secrets(Resource[M]):
    """What containers are told and nobody else; the API takes a value and never gives it back.

    `id` may be a name, `ttl_seconds` is from a day to two weeks, and the API ignores `project_id`: the key says which.
    """

    name = "beta.jig.secrets"
    with_raw_response: Secrets[Raw[M]]
    with_streaming_response: Secrets[Streamed[M]]

    @post(SECRETS)
    def create(
        self,
        *,
        name: str,
        value: str,
        description: str | NotGiven = not_given,
        project_id: str | NotGiven = not_given,
        ttl_seconds: int | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Secret:
        """Keep a secret."""
        ...

    @get(f"{SECRETS}/{{id}}")
    def retrieve(self, id: str, **options: Unpack[RequestOptions]) -> Secret:
        """A secret, without its value."""
        ...

    @patch(f"{SECRETS}/{{id}}")
    def update(
        self,
        id: str,
        *,
        description: str | NotGiven = not_given,
        name: str | NotGiven = not_given,
        project_id: str | NotGiven = not_given,
        ttl_seconds: int | NotGiven = not_given,
        value: str | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Secret:
        """Change a secret; a new `value` or `ttl_seconds` starts its time anew."""
        ...

    @get(SECRETS)
    def list(self, **options: Unpack[RequestOptions]) -> SecretListResponse:
        """The secrets, without their values."""
        ...

    @delete(f"{SECRETS}/{{id}}")
    def delete(self, id: str, **options: Unpack[RequestOptions]) -> object:
        """Forget a secret."""
        ...


class Jig(Resource[M]):
    """Containers of yours, on Together's machines; `id` may be a name."""

    name = "beta.jig"
    with_raw_response: Jig[Raw[M]]
    with_streaming_response: Jig[Streamed[M]]

    def __init__(self, engine: Engine[Any]) -> None:
        super().__init__(engine)
        self.queue: Queue[M] = Queue(engine)
        self.volumes: Volumes[M] = Volumes(engine)
        self.secrets: Secrets[M] = Secrets(engine)

    @get("/v1/deployments/{id}")
    def retrieve(self, id: str, **options: Unpack[RequestOptions]) -> Deployment:
        """A deployment."""
        ...

    @patch("/v1/deployments/{id}")
    def update(
        self,
        id: str,
        *,
        args: Sequence[str] | NotGiven = not_given,
        autoscaling: JigAutoscalingParam | NotGiven = not_given,
        capacity_type: JigCapacityType | NotGiven = not_given,
        command: Sequence[str] | NotGiven = not_given,
        cpu: float | NotGiven = not_given,
        description: str | NotGiven = not_given,
        environment_variables: Iterable[EnvironmentVariableParam] | NotGiven = not_given,
        gpu_count: int | NotGiven = not_given,
        gpu_type: JigGPUType | NotGiven = not_given,
        health_check_path: str | NotGiven = not_given,
        image: str | NotGiven = not_given,
        max_replicas: int | NotGiven = not_given,
        memory: float | NotGiven = not_given,
        min_replicas: int | NotGiven = not_given,
        model_mounts: Iterable[ModelMountParam] | NotGiven = not_given,
        name: str | NotGiven = not_given,
        port: int | NotGiven = not_given,
        storage: int | NotGiven = not_given,
        termination_grace_period_seconds: int | NotGiven = not_given,
        volumes: Iterable[VolumeMountParam] | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Deployment:
        """Change a deployment, which makes a new revision; the arguments are those of `deploy`.

        A list replaces the one that is there; `autoscaling={}` ends scaling, `health_check_path=""` the checks.
        """
        ...

    @get("/v1/deployments")
    def list(self, **options: Unpack[RequestOptions]) -> JigListResponse:
        """The deployments."""
        ...

    @post("/v1/deployments")
    def deploy(
        self,
        *,
        gpu_type: JigGPUType,
        image: str,
        name: str,
        args: Sequence[str] | NotGiven = not_given,
        autoscaling: JigAutoscalingParam | NotGiven = not_given,
        capacity_type: JigCapacityType | NotGiven = not_given,
        command: Sequence[str] | NotGiven = not_given,
        cpu: float | NotGiven = not_given,
        description: str | NotGiven = not_given,
        environment_variables: Iterable[EnvironmentVariableParam] | NotGiven = not_given,
        gpu_count: int | NotGiven = not_given,
        health_check_path: str | NotGiven = not_given,
        max_replicas: int | NotGiven = not_given,
        memory: float | NotGiven = not_given,
        min_replicas: int | NotGiven = not_given,
        model_mounts: Iterable[ModelMountParam] | NotGiven = not_given,
        port: int | NotGiven = not_given,
        storage: int | NotGiven = not_given,
        termination_grace_period_seconds: int | NotGiven = not_given,
        volumes: Iterable[VolumeMountParam] | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Deployment:
        """Run a container with an image from `registry.together.ai`; `name` has letters, digits, `_` and `-`.

        `command` stands for the image's ENTRYPOINT, `args` for its CMD. `cpu` in cores, `memory` and `storage` in GiB,
        for each replica; there are `min_replicas` (1) of them, or with `autoscaling` up to `max_replicas`, and those
        beyond what is reserved may be taken away again if they are `"preemptible"`. Variables have a value, or the
        name of a secret. `health_check_path` is asked with HTTP whether a replica is well.
        """
        ...

    @delete("/v1/deployments/{id}")
    def destroy(self, id: str, **options: Unpack[RequestOptions]) -> object:
        """Delete a deployment."""
        ...

    @get("/v1/deployments/{id}/revisions")
    def list_revisions(
        self,
        id: str,
        *,
        before: int | NotGiven = not_given,
        limit: int | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> DeploymentRevisionEventList:
        """Which revisions ran, newest first; `before` is the number of an event, `limit` at most 100."""
        ...

    @get("/v1/deployments/{id}/logs")
    def retrieve_logs(
        self,
        id: str,
        *,
        replica_id: str | NotGiven = not_given,
        revision: str | NotGiven = not_given,
        version: str | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> DeploymentLogs:
        """What the replicas wrote, or those of a revision, or of a version of the image."""
        ...

    @get("/v1/deployments/{id}/revisions/{revision_identifier}")
    def retrieve_revision(
        self, revision_identifier: str, *, id: str, **options: Unpack[RequestOptions]
    ) -> DeploymentRevision:
        """A revision, by its number or id."""
        ...

    @post("/v1/deployments/{id}/rollback")
    def rollback(self, id: str, *, revision_identifier: str, **options: Unpack[RequestOptions]) -> Deployment:
        """Go back to a revision, by its number or id."""
        ...
