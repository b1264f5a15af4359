"""`FakeTogether`: the real client on a scripted transport."""

# pyright: reportIncompatibleVariableOverride=false
# (a namespace that can be scripted stands where one that cannot was; nobody puts another there)

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._lazy import lazy
from ..client import AsyncTogether, Together
from ..config import TogetherClient
from ..engine import AsyncEngine, SharedTransport, SyncEngine
from .recorder import Calls
from .script import Script
from .transport import AsyncScriptedTransport, ScriptedTransport

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping
    from typing import Unpack

    from .._sentinels import NotGiven
    from ..credentials import APIKey
    from ..options import FurtherOptions
    from ..resource import AsyncFake, Fake
    from ..resources.audio import Audio
    from ..resources.batches import Batches
    from ..resources.beta import Beta
    from ..resources.chat import Chat
    from ..resources.clusters import Clusters
    from ..resources.completions import Completions
    from ..resources.embeddings import Embeddings
    from ..resources.endpoints import Endpoints
    from ..resources.evals import Evals
    from ..resources.files import Files
    from ..resources.fine_tuning import FineTuning
    from ..resources.images import Images
    from ..resources.models import Models
    from ..resources.organization import Organization
    from ..resources.post_training import PostTraining
    from ..resources.projects import Projects
    from ..resources.rerank import Rerank
    from ..resources.videos import Videos
    from ..timeout import Timeout
    from ..transport import HttpxTimeout, HttpxURL
    from ..types.account import WhoamiResponse
    from .script import FakeMethod

    class FakeOptions(FurtherOptions, total=False):
        """The options of `Together`, without `http_client`."""

        api_key: APIKey | None
        base_url: str | HttpxURL | None
        timeout: float | Timeout | HttpxTimeout | NotGiven | None
        max_retries: int | None
        default_headers: Mapping[str, str] | None
        default_query: Mapping[str, object] | None
        project_id: str | None


class _ScriptedEngine(SyncEngine):
    """Its methods can be scripted; so can those of every copy."""

    def __init__(self, config: TogetherClient, shared: SharedTransport[Any], *, owner: bool = True) -> None:
        super().__init__(config, shared, owner=owner)
        self.script = shared.transport.script


class _AsyncScriptedEngine(AsyncEngine):
    """The same for the async client."""

    def __init__(self, config: TogetherClient, shared: SharedTransport[Any], *, owner: bool = True) -> None:
        super().__init__(config, shared, owner=owner)
        self.script = shared.transport.script


class FakeAsyncTogether(AsyncTogether):
    """What `FakeTogether.async_client` is."""

    if TYPE_CHECKING:
        audio: Audio[AsyncFake]
        batches: Batches[AsyncFake]
        beta: Beta[AsyncFake]
        chat: Chat[AsyncFake]
        clusters: Clusters[AsyncFake]
        completions: Completions[AsyncFake]
        embeddings: Embeddings[AsyncFake]
        endpoints: Endpoints[AsyncFake]
        evals: Evals[AsyncFake]
        files: Files[AsyncFake]
        fine_tuning: FineTuning[AsyncFake]
        images: Images[AsyncFake]
        models: Models[AsyncFake]
        organization: Organization[AsyncFake]
        post_training: PostTraining[AsyncFake]
        projects: Projects[AsyncFake]
        rerank: Rerank[AsyncFake]
        videos: Videos[AsyncFake]
        whoami: FakeMethod[..., Coroutine[Any, Any, WhoamiResponse], WhoamiResponse]

    @staticmethod
    def _open(config: TogetherClient, transport: Any) -> AsyncEngine:
        return _AsyncScriptedEngine(config, SharedTransport(transport))

    @staticmethod
    def _transport(config: TogetherClient, http_client: object) -> AsyncScriptedTransport:  # noqa: ARG004
        return AsyncScriptedTransport(_new_script(http_client))


class FakeTogether(Together):
    """A `Together` for tests: a real client whose API is a script.

        >>> fake = FakeTogether()
        >>> fake.chat.completions.create.when(model="small").returns("Hi")
        <script of chat.completions.create: 1 answer>
        >>> fake.embeddings.create.returns([[0.1, 0.2]])
        <script of embeddings.create: 1 answer>
        >>> fake.embeddings.create(model="m", input="a").data[0].embedding
        [0.1, 0.2]
        >>> fake.embeddings.create.assert_called_once_with(input="a")

    Whatever is not scripted is answered by an emulator of its own, or refused. Everything above the network is the
    real thing: arguments are checked, errors are raised, answers are parsed and streams are read as in production.

    Args:
        refuse_unscripted: Raise `UnscriptedCallError` for a call that is not scripted.
        **options: Those of `Together`, but `http_client`.
    """

    if TYPE_CHECKING:
        audio: Audio[Fake]
        batches: Batches[Fake]
        beta: Beta[Fake]
        chat: Chat[Fake]
        clusters: Clusters[Fake]
        completions: Completions[Fake]
        embeddings: Embeddings[Fake]
        endpoints: Endpoints[Fake]
        evals: Evals[Fake]
        files: Files[Fake]
        fine_tuning: FineTuning[Fake]
        images: Images[Fake]
        models: Models[Fake]
        organization: Organization[Fake]
        post_training: PostTraining[Fake]
        projects: Projects[Fake]
        rerank: Rerank[Fake]
        videos: Videos[Fake]
        whoami: FakeMethod[..., WhoamiResponse, WhoamiResponse]

    def __init__(self, *, refuse_unscripted: bool = False, **options: Unpack[FakeOptions]) -> None:
        # Retries are those of the real client, but nobody waits for them.
        chosen: dict[str, Any] = {"transport": "embedded", "retry_initial_delay": 0.001, **options}
        super().__init__(**chosen)
        self.script.refuse_unscripted = refuse_unscripted

    @staticmethod
    def _open(config: TogetherClient, transport: Any) -> SyncEngine:
        return _ScriptedEngine(config, SharedTransport(transport))

    @staticmethod
    def _transport(config: TogetherClient, http_client: object) -> ScriptedTransport:  # noqa: ARG004
        return ScriptedTransport(_new_script(http_client))

    @property
    def script(self) -> Script:
        """The script, which copies and the async client share."""
        script = self._engine.script
        assert script is not None
        return script

    @lazy
    def async_client(self) -> FakeAsyncTogether:
        """An `AsyncTogether` on the same script."""
        return FakeAsyncTogether.from_config(self.client, AsyncScriptedTransport(self.script))

    @property
    def calls(self) -> Calls:
        """All requests that were made, in their order."""
        return self.script.calls

    def reset(self) -> None:
        """Forget the script and the calls."""
        self.script.reset()


def _new_script(http_client: object) -> Script:
    if http_client is not None:
        raise TypeError("A fake sends nothing, and takes no http_client.")
    return Script()
