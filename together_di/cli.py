"""The command `together-di`.

Each command is a pair of functions, one for its arguments and one that runs it, and a line in `COMMANDS`. What a
command needs is imported when it runs, so that `--help` and `--version` are quick.
"""

from __future__ import annotations

import argparse
import errno
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ._version import __version__
from .commands import add_commands
from .errors import TogetherError

if TYPE_CHECKING:
    from .emulator import EmulatorServer

__all__ = ["main"]

_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: The arguments; left out, those of the process.

    Returns:
        The exit code: 0, 1 after an error (one message on stderr), 130 after Ctrl-C.

    Raises:
        SystemExit: After `--help` and `--version` with 0, after arguments that make no sense with 2.
    """
    options = _parser().parse_args(argv)
    run: Callable[[argparse.Namespace], int | None] = options.run
    try:
        return run(options) or 0
    except TogetherError as error:
        print(f"together-di {options.command}: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        return _unwritable(error)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return _INTERRUPTED


def _unwritable(error: OSError) -> int:
    """What the commands read, write and ask for has errors of its own: this one is about the output."""
    # Python writes what is left of it at exit: nowhere, then.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    # A reader such as `head` that has enough is no fault.
    if not isinstance(error, BrokenPipeError):
        print(f"together-di: Cannot write the output: {error.strerror or error}.", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="together-di", description="Together AI for Django, Flask and FastAPI.")
    parser.add_argument("--version", action="version", version=f"together-di {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        added = commands.add_parser(name, help=command.summary, description=command.description)
        command.add_arguments(added)
        added.set_defaults(run=command.run)
    add_commands(commands, run=_on_container)
    return parser


def _on_container(options: argparse.Namespace) -> int:
    from .container import TogetherContainer

    container = TogetherContainer()
    try:
        return options.run_on_container(container, options, sys.stdout)  # type: ignore[no-any-return]
    finally:
        container.close()


def _emulator_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="the interface to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", default=8000, type=_port, help="the port to listen on; 0 takes a free one (default: %(default)s)"
    )


def _emulator(options: argparse.Namespace) -> None:
    server = _listening(options.host, options.port)
    before = signal.getsignal(signal.SIGTERM)
    try:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        print(f"The emulator answers at {server.url} until Ctrl-C. Its answers are made up.\n")
        print(f"export TOGETHER_BASE_URL={server.url} TOGETHER_API_KEY=anything", flush=True)
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        # A second Ctrl-C must not interrupt the goodbye.
        interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        server.close()
        signal.signal(signal.SIGINT, interrupt)
        signal.signal(signal.SIGTERM, before)


def _listening(host: str, port: int) -> EmulatorServer:
    from .emulator import EmulatorServer

    try:
        return EmulatorServer(host=host, port=port)
    except OSError as error:
        hint = " Choose another with --port; 0 takes a free one." if error.errno == errno.EADDRINUSE else ""
        raise TogetherError(f"Cannot listen on {host} port {port}: {error.strerror or error}.{hint}") from error


def _demo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", nargs="?", type=Path, metavar="FILE", help="a UTF-8 text or Markdown file (default: our README)"
    )
    parser.add_argument(
        "--question",
        default="Where does the API key come from?",
        type=_question,
        help="what to find out (default: %(default)s)",
    )
    parser.add_argument(
        "--live", action="store_true", help="ask the real API, with your settings, instead of the emulator"
    )
    parser.add_argument(
        "--output",
        default="together-di-demo.png",
        type=_picture,
        metavar="PICTURE.png",
        help="where the picture goes; a file that is there is replaced (default: %(default)s)",
    )


def _demo(options: argparse.Namespace) -> None:
    from .demo import run

    run(options.file, options.question, live=options.live, output=options.output, out=sys.stdout)


def _methods_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON, for programs")


def _methods(options: argparse.Namespace) -> None:
    from .listing import methods

    listed = methods()
    if options.json:
        print(json.dumps([method._asdict() for method in listed], indent=2))
        return
    width = max(len(method.name) for method in listed)
    for method in listed:
        print(f"{method.name:{width}}  {method.verb or 'several requests':6} {method.path}".rstrip())


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: write a number from 0 to 65535")
    return int(text)


def _question(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise argparse.ArgumentTypeError("the question is not UTF-8") from None
    if not text.strip():
        raise argparse.ArgumentTypeError("the question is empty")
    return text


def _picture(text: str) -> Path:
    # So that a slip of the hand does not replace a file that is no picture.
    if Path(text).suffix.lower() != ".png":
        raise argparse.ArgumentTypeError(f"{text!r} does not end in .png, and the picture is one")
    return Path(text)


class _Command(NamedTuple):
    summary: str
    description: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], None]


COMMANDS = {
    "demo": _Command(
        "find passages in a text, answer a question from them, draw a picture",
        "Everything once, on a real text: embed its passages, find and rerank those nearest to a question, stream an "
        "answer, draw a picture. Without --live it needs no key and no network.",
        _demo_arguments,
        _demo,
    ),
    "emulator": _Command(
        "serve a Together-compatible API on this machine",
        "Serve a Together-compatible API, deterministic and without a model, until Ctrl-C.",
        _emulator_arguments,
        _emulator,
    ),
    "methods": _Command(
        "every method of the API, with its verb and path",
        "Every method of the API that a client has, with the HTTP verb and path it sends. It needs no key.",
        _methods_arguments,
        _methods,
    ),
}
