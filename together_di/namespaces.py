"""The API, namespace by namespace: what a client offers, however its methods are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._lazy import lazy
from .resource import M, Raw, Streamed
from .resources.account import Account
from .resources.audio import Audio
from .resources.chat import Chat
from .resources.completions import Completions
from .resources.embeddings import Embeddings
from .resources.files import Files
from .resources.images import Images
from .resources.models import Models
from .resources.rerank import Rerank

if TYPE_CHECKING:
    from .engine import Engine
    from .resources.batches import Batches
    from .resources.beta import Beta
    from .resources.clusters import Clusters
    from .resources.code_interpreter import CodeInterpreter
    from .resources.endpoints import Endpoints
    from .resources.evals import Evals, Evaluation
    from .resources.fine_tuning import FineTuning
    from .resources.organization import Organization
    from .resources.post_training import PostTraining
    from .resources.projects import Projects
    from .resources.videos import Videos


class Namespaces(Account[M]):
    """The API, namespace by namespace; all of them share the one configuration, `client`."""

    def __init__(self, engine: Engine[Any]) -> None:
        self._attach(engine)

    def _attach(self, engine: Engine[Any]) -> None:
        self._engine = engine
        self.chat: Chat[M] = Chat(engine)
        self.completions: Completions[M] = Completions(engine)
        self.embeddings: Embeddings[M] = Embeddings(engine)
        self.images: Images[M] = Images(engine)
        self.audio: Audio[M] = Audio(engine)
        self.rerank: Rerank[M] = Rerank(engine)
        self.files: Files[M] = Files(engine)
        self.models: Models[M] = Models(engine)

    # Imported when first used: most programs need none of these.

    @lazy
    def batches(self) -> Batches[M]:
        """Many requests in one file, answered within a day for less."""
        from .resources.batches import Batches

        return Batches(self._engine)

    @lazy
    def evals(self) -> Evals[M]:
        """Models judged by models."""
        from .resources.evals import Evals

        return Evals(self._engine)

    @lazy
    def evaluation(self) -> Evaluation[M]:
        """The same, as the v1 SDK has it."""
        from .resources.evals import Evaluation

        return Evaluation(self._engine)

    @lazy
    def fine_tuning(self) -> FineTuning[M]:
        """Models trained on your own examples."""
        from .resources.fine_tuning import FineTuning

        return FineTuning(self._engine)

    @lazy
    def videos(self) -> Videos[M]:
        """Films from words."""
        from .resources.videos import Videos

        return Videos(self._engine)

    @lazy
    def projects(self) -> Projects[M]:
        """The projects of an organization."""
        from .resources.projects import Projects

        return Projects(self._engine)

    @lazy
    def organization(self) -> Organization[M]:
        """What concerns the whole organization."""
        from .resources.organization import Organization

        return Organization(self._engine)

    @lazy
    def clusters(self) -> Clusters[M]:
        """Machines with GPUs."""
        from .resources.clusters import Clusters

        return Clusters(self._engine)

    @lazy
    def endpoints(self) -> Endpoints[M]:
        """Models on hardware of your own."""
        from .resources.endpoints import Endpoints

        return Endpoints(self._engine)

    @lazy
    def post_training(self) -> PostTraining[M]:
        """Training step by step, from your own loop."""
        from .resources.post_training import PostTraining

        return PostTraining(self._engine)

    @lazy
    def code_interpreter(self) -> CodeInterpreter[M]:
        """Code, run at Together."""
        from .resources.code_interpreter import CodeInterpreter

        return CodeInterpreter(self._engine)

    @lazy
    def beta(self) -> Beta[M]:
        """What may still change."""
        from .resources.beta import Beta

        return Beta(self._engine)

    @property
    def with_raw_response(self) -> Namespaces[Raw[M]]:
        """The same API; each method returns the response with its headers."""
        return Namespaces(self._engine.raw)

    @property
    def with_streaming_response(self) -> Namespaces[Streamed[M]]:
        """The same API; each method returns a context manager around a response that has not been read."""
        return Namespaces(self._engine.streamed)
