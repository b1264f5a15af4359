"""`/v1/rl/checkpoints`: what training sessions have kept, with small files to download."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from pydantic_core import to_json

from ..catalogue import CREATED_AT
from ..collection import cut, page_size
from ..exchange import Reply, Request, invalid, json_reply, not_found
from ..routing import Route

if TYPE_CHECKING:
    from threading import Lock

    from ..collection import Entries, Entry

_PATH = "/v1/rl/checkpoints"
_TRAINING, _INFERENCE = "CHECKPOINT_TYPE_TRAINING", "CHECKPOINT_TYPE_INFERENCE"
_FILES = {
    "CHECKPOINT_VARIANT_MERGED": ("model.safetensors", "config.json"),
    "CHECKPOINT_VARIANT_ADAPTER": ("adapter_model.safetensors", "adapter_config.json"),
}


class Checkpoints:
    """The checkpoints of all sessions."""

    def __init__(self, lock: Lock) -> None:
        self._lock = lock
        self._kept: dict[str, Entry] = {}

    def routes(self) -> list[Route]:
        """Their routes."""
        return [
            Route("GET", _PATH, self.list),
            Route("GET", f"{_PATH}/{{id}}", self.retrieve),
            Route("GET", f"{_PATH}/{{id}}/download", self.download),
            Route("GET", "/emulator/checkpoints/{id}/{name}", self.serve, public=True),
        ]

    def keep(self, identifier: str, session: Entry, *, for_inference: bool) -> Entry:
        """Make a checkpoint of a session, and return it as the session knows it; the lock is held by the caller."""
        artifact = {"id": f"model-{identifier}", "revision_id": f"rev-{identifier}"}
        lora = session["lora_config"]
        registration = {"adapter" if lora else "model": artifact} if for_inference else artifact
        short: Entry = {"id": identifier, "created_at": CREATED_AT, "step": session["step"]}
        self._kept[identifier] = {
            **short,
            "base_model": session["base_model"],
            "session_id": session["id"],
            "type": _INFERENCE if for_inference else _TRAINING,
            "lora_rank": lora["rank"] if isinstance(lora, dict) else None,
            "inference_registration" if for_inference else "training_registration": registration,
        }
        return {**short, "registration": registration}

    def named(self, identifier: str) -> Entry | None:
        """The checkpoint with an id, if there is one."""
        return self._kept.get(identifier)

    def list(self, request: Request) -> Reply:
        """Return a page of them, the newest first."""
        with self._lock:
            entries = [*reversed(self._kept.values())]
        for name in ("type", "session_id", "base_model"):
            wanted = request.query.get(name)
            entries = [entry for entry in entries if wanted in {None, entry[name]}]
        return page_with_meta(request, entries)

    def retrieve(self, request: Request) -> Reply:
        """Return one."""
        return json_reply(self._find(request))

    def download(self, request: Request) -> Reply:
        """Return where the files are."""
        checkpoint = self._find(request)
        variant = request.query.get("variant", "")
        if variant not in _FILES:
            raise invalid("variant", f"`variant` is {variant!r}: use one of {', '.join(_FILES)}.")
        if checkpoint["type"] != _INFERENCE:
            raise invalid("id", f"{checkpoint['id']} is a training checkpoint: only inference ones have files.")
        if "ADAPTER" in variant and checkpoint["lora_rank"] is None:
            raise invalid("variant", f"{checkpoint['id']} has all weights, and no adapter: use the merged variant.")
        identifier = str(checkpoint["id"])
        files = [
            {
                "filename": name,
                "size": len(_content(identifier, name)),
                "url": f"{request.base_url}/emulator/checkpoints/{identifier}/{name}",
            }
            for name in _FILES[variant]
        ]
        return json_reply({"data": files})

    def serve(self, request: Request) -> Reply:
        """Return the file that a URL of a download names."""
        checkpoint, name = self._find(request), request.path_values["name"]
        if not any(name in names for names in _FILES.values()):
            raise not_found("file", name, f"Take the URL from GET {_PATH}/{{id}}/download.")
        kind = "application/json" if name.endswith(".json") else "application/octet-stream"
        return Reply(200, {"content-type": kind}, _content(str(checkpoint["id"]), name))

    def _find(self, request: Request) -> Entry:
        identifier = request.path_values["id"]
        checkpoint = self.named(identifier)
        if checkpoint is None:
            raise not_found("checkpoint", identifier, f"GET {_PATH} lists those there are.")
        return checkpoint


def page_with_meta(request: Request, entries: Entries) -> Reply:
    """A page of a list, in the form of `/v1/rl`."""
    shown, next_cursor = cut(request, entries)
    meta = {"limit": page_size(request), "has_more": next_cursor is not None, "next_cursor": next_cursor}
    return json_reply({"data": shown, "meta": meta})


def _content(identifier: str, name: str) -> bytes:
    """A configuration, or weights without a tensor in the format of safetensors."""
    data = to_json({"__metadata__": {"checkpoint": identifier}})
    return data if name.endswith(".json") else struct.pack("<Q", len(data)) + data
