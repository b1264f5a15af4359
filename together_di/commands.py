"""What `together-di`, `manage.py together` and `flask together` do with a container: one list for all of them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TextIO

from .errors import ConfigurationError

if TYPE_CHECKING:
    from .container import TogetherContainer

__all__ = ["COMMANDS", "Command", "add_commands"]

DEFAULT_MODEL = "meta-llama/Llama-3.3-70B-Instruct-Turbo"


class Command(NamedTuple):
    """A command on a container.

    Attributes:
        summary: What it does, in a line.
        add_arguments: Adds its arguments to a parser.
        run: Runs it; gives the exit code, 0 or 1.
    """

    summary: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[TogetherContainer, argparse.Namespace, TextIO], int]


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser], **defaults: object) -> None:
    """Add a parser for each command; the options it parses have the command's `run` under `run_on_container`."""
    for name, command in COMMANDS.items():
        parser = commands.add_parser(name, help=command.summary, description=command.summary)
        parser.add_argument("--client", metavar="NAME", help="the client of this name (default: default)")
        command.add_arguments(parser)
        parser.set_defaults(run_on_container=command.run, **defaults)


def _chosen(container: TogetherContainer, options: argparse.Namespace) -> TogetherContainer:
    return container.named(options.client) if options.client else container


def _config_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON, for programs")


def _config(container: TogetherContainer, options: argparse.Namespace, out: TextIO) -> int:
    names = [options.client] if options.client else container.names
    explanations = [container.named(name).explain() for name in names]
    if options.json:
        found = {explanation.client: explanation.to_dict() for explanation in explanations}
        print(json.dumps(found, indent=2), file=out)
    else:
        headed = [f"[{explanation.client}]\n{explanation}" for explanation in explanations]
        print("\n\n".join(headed) if len(headed) > 1 else explanations[0], file=out)
    return 1 if any(explanation.problems for explanation in explanations) else 0


def _check(container: TogetherContainer, options: argparse.Namespace, out: TextIO) -> int:
    names = [options.client] if options.client else container.names
    healths = {name: container.named(name).ping() for name in names}
    for name, health in healths.items():
        print(f"{name}: {'ok' if health else 'FAILED'}: {health.reason}", file=out)
    return 0 if all(healths.values()) else 1


def _models(container: TogetherContainer, options: argparse.Namespace, out: TextIO) -> int:
    for model in _chosen(container, options).client().models.list_supported():
        print(model.name, file=out)
    return 0


def _chat_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("prompt", help="what to say")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="the model's name (default: %(default)s)")


def _chat(container: TogetherContainer, options: argparse.Namespace, out: TextIO) -> int:
    if not options.prompt.strip():
        raise ConfigurationError("The prompt is empty.")
    client = _chosen(container, options).client()
    stream = client.chat.completions.create(
        model=options.model, messages=[{"role": "user", "content": options.prompt}], stream=True
    )
    for chunk in stream:
        for choice in chunk.choices or ():
            print((choice.delta and choice.delta.content) or "", end="", file=out, flush=True)
    print(file=out)
    return 0


def _no_arguments(_parser: argparse.ArgumentParser) -> None:
    """Nothing but `--client`."""


COMMANDS = {
    "config": Command("every option, its value, and where it came from", _config_arguments, _config),
    "check": Command("whether the API can be reached and takes the key; exits with 0 or 1", _no_arguments, _check),
    "models": Command("the models that Together serves", _no_arguments, _models),
    "chat": Command("the answer of a model to a prompt, as it is written", _chat_arguments, _chat),
}
