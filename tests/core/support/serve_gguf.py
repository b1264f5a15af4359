"""Serve a model over llama.cpp's own HTTP server until SIGTERM; prints `READY` and the address.

python serve_gguf.py FILE PORT [embed]
"""

from __future__ import annotations

import importlib
import signal
import sys
from typing import Any

SIGNALS = {signal.SIGTERM, signal.SIGINT}


def main(path: str, port: str, *kind: str) -> None:
    """Serve the model in `path`."""
    # Before the server's threads start, so that none of them takes the signal.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    library: Any = importlib.import_module("xllamacpp")
    options = library.CommonParams()
    options.model.path, options.model_alias = path, {"tiny-test"}
    options.hostnames, options.port, options.api_keys = ["127.0.0.1"], int(port), ["sk-local"]
    options.n_ctx, options.n_parallel = 4096, 2
    options.cpuparams.n_threads = options.cpuparams_batch.n_threads = 1
    options.warmup, options.use_jinja, options.ui = False, True, False
    if kind:
        options.embedding = True
        options.pooling_type = library.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    server = library.Server(options)
    print("READY", server.listening_address, flush=True)
    signal.sigwait(SIGNALS)
    del server


if __name__ == "__main__":
    main(*sys.argv[1:])
