"""`/v2/videos`: films that are done when they have been asked for twice, and the files that their URLs lead to."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import TYPE_CHECKING

from .exchange import Reply, Request, invalid, not_found
from .film import mp4
from .generation import EPOCH
from .parameters import Parameters
from .progress import Moving
from .routing import Route

if TYPE_CHECKING:
    from threading import Lock

    from .collection import Entry

_SECONDS_TO_MAKE = 30
_LONGEST = 60
_READS = 2
_FILE_NAME = re.compile(r"([0-9a-f]{8})-(\d{1,2})s\.mp4")


def routes(lock: Lock) -> list[Route]:
    """The routes of films."""
    films = Films(lock)
    return [*films.jobs.routes("create retrieve"), Route("GET", "/emulator/videos/{name}", serve_video, public=True)]


class Films:
    """The films in the making; all are MP4 files, even where another format is asked for."""

    def __init__(self, lock: Lock) -> None:
        self.jobs = Moving(lock, "/v2/videos", "video", self._begun, self._moved)
        self._reads: dict[str, int] = {}
        self._names: dict[str, str] = {}

    def _begun(self, request: Request, parameters: Parameters) -> Entry:
        prompt = parameters.optional_text("prompt")
        media = parameters.mapping("media")
        if not prompt and not media:
            raise invalid("prompt", "`prompt` is required where there is no `media`.", code="missing_required")
        parameters.choice("output_format", {"MP4", "WEBM"}, "MP4")
        for name in ("fps", "steps", "guidance_scale", "output_quality"):
            parameters.integer(name, minimum=1)
        width = parameters.integer("width", minimum=1, maximum=4096) or 1280
        height = parameters.integer("height", minimum=1, maximum=4096) or 720
        seconds = _seconds(parameters)
        source = f"{parameters.integer('seed') or 0}\0{prompt}\0{media}"
        digest = blake2b(source.encode(), digest_size=4).hexdigest()
        self._names[request.identifier("video")] = f"{digest}-{seconds}s.mp4"
        return {
            "object": "video",
            "model": parameters.text("model"),
            "status": "in_progress",
            "created_at": EPOCH,
            "size": f"{width}x{height}",
            "seconds": str(seconds),
        }

    def _moved(self, entry: Entry, request: Request) -> Entry:
        identifier = str(entry["id"])
        self._reads[identifier] = reads = self._reads.get(identifier, 0) + 1
        if reads != _READS:
            return {}
        url = f"{request.base_url}/emulator/videos/{self._names[identifier]}"
        return {
            "status": "completed",
            "completed_at": EPOCH + _SECONDS_TO_MAKE,
            "outputs": {"cost": 0, "video_url": url},
        }


def serve_video(request: Request) -> Reply:
    """Return the MP4 file that a film's URL names."""
    name = request.path_values["name"]
    found = _FILE_NAME.fullmatch(name)
    if found is None:
        raise not_found("video", name, "Take the URL from a completed video of GET /v2/videos/{id}.")
    film = mp4(bytes.fromhex(found[1]), int(found[2]) * 1000)
    return Reply(200, {"content-type": "video/mp4", "cache-control": "max-age=31536000"}, film)


def _seconds(parameters: Parameters) -> int:
    text = parameters.optional_text("seconds", "5")
    if not re.fullmatch(r"[0-9]{1,2}", text) or not 1 <= int(text) <= _LONGEST:
        raise invalid("seconds", f"`seconds` is {text!r}: it has to be a number from 1 to {_LONGEST}, as text.")
    return int(text)
