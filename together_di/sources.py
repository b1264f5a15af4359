"""Where the options of a client stand, and which place wins. `PRECEDENCE` is the one list."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast
from urllib.parse import quote

from ._sentinels import not_given
from ._text import near_miss
from .credentials import conceal
from .errors import ConfigurationError
from .options import LOCATIONS, OPTIONS, merge_headers

PRECEDENCE = (
    "an argument, as in Together(timeout=20)",
    'the settings of the framework: TOGETHER in Django, app.config["TOGETHER"] in Flask; the config of a container',
    "the environment: TOGETHER_TIMEOUT",
    "the file .env in the working directory, or the one that TOGETHER_ENV_FILE names",
    "mounted secrets: files in $CREDENTIALS_DIRECTORY, then in /run/secrets, or in TOGETHER_SECRETS_DIR",
    "the configuration file that TOGETHER_CONFIG_FILE names: TOML, YAML, or pyproject.toml",
    "for the key, the stores that the option secrets lists",
    "for the key, Google Colab's secrets",
    "the default",
)
"""The places an option is looked for in. The first that has it wins; what is empty counts as not set."""

DEFAULT = "default"
"""The name of the client that has no other."""

PREFIX = "TOGETHER_"
ENV_FILE = ".env"
SECRETS_DIRECTORY = "/run/secrets"


class Finding(NamedTuple):
    """A value as it was found.

    Attributes:
        value: The value; a key is a `SecretStr` or a function.
        source: Where it stood.
        was_given: Whether the program gave it, so that another process cannot find it again.
    """

    value: Any
    source: str
    was_given: bool = False


class Place(NamedTuple):
    """One place that was looked at.

    Attributes:
        values: What it has.
        key: Where a key would stand there, and why there is none; empty if none could.
        problems: What is wrong with the place itself.
    """

    values: Mapping[str, Finding]
    key: str = ""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """All that was found for one client.

    Attributes:
        name: The client's name.
        places: The places, in their order.
        names: The names of all clients there are, `"default"` first.
    """

    name: str
    places: tuple[Place, ...]
    names: tuple[str, ...] = (DEFAULT,)

    def of(self, option: str) -> list[Finding]:
        """What was found for `option`; the first counts, and shadows the others."""
        return [place.values[option] for place in self.places if option in place.values]

    def check(self) -> tuple[dict[str, Any], list[str]]:
        """The value of each option that is set, without the key, and everything that cannot be used."""
        problems = [problem for place in self.places for problem in place.problems]
        values: dict[str, Any] = {}
        set_somewhere = {name for place in self.places for name in place.values}
        for option in (option for name, option in OPTIONS.items() if name in set_somewhere):
            findings = self.of(option.name)
            # The headers of all places add up.
            for finding in reversed(findings if option.name == "default_headers" else findings[:1]):
                try:
                    value = option.check(finding.value, finding.source)
                except ConfigurationError as error:
                    problems.append(str(error))
                else:
                    before = values.get(option.name)
                    values[option.name] = value if before is None else merge_headers(before, value)
        values.pop("api_key", None)
        return values, problems


def look(
    given: Mapping[str, Any] | None = None,
    source: str = "argument {}",
    name: str = DEFAULT,
    defaults: Mapping[str, Any] | None = None,
) -> Found:
    """Look in every place for the options of the client named `name`.

    Args:
        given: What the program sets: options by name, in either case; or a dict of them for each client, `"default"`
            being one.
        source: What messages call an option in `given`; `{}` stands for its name.
        name: The client's name.
        defaults: What counts if an option is set nowhere, before this package's own defaults.

    Raises:
        ConfigurationError: There is no client of that name.
    """
    given = given or {}
    if not isinstance(cast("object", given), Mapping):
        raise ConfigurationError(f"{_place(source)} must be a dict of options, not {type(given).__name__}.")
    file = _ConfigFile()
    # Most options are not set: a list of what there is costs less than asking for each.
    environment = {variable: os.environ.get(variable, "") for variable in os.environ if variable.startswith(PREFIX)}
    where = _locations(environment, _options_of(given, DEFAULT), _options_of(given, name))
    if "config_file" in where:
        file = _read_config_file(where["config_file"])
    names = tuple(dict.fromkeys((DEFAULT, *client_names(given), *client_names(file.options))))
    if name not in names:
        raise ConfigurationError(f"There is no client {name!r}{near_miss(name, names)}. Known: {', '.join(names)}.")
    return Found(
        name,
        (
            _from_dict(_options_of(given, name), _nested(source, given, name), known={*OPTIONS, *LOCATIONS}),
            _from_texts(environment.get, name, "env {}", "the environment variable {} ({})"),
            _env_file(name, where.get("env_file")),
            *_secret_directories(name, where.get("secrets_dir")),
            _from_config_file(file, name),
            Place({option: Finding(value, "default of the framework") for option, value in (defaults or {}).items()}),
        ),
        names,
    )


def client_names(options: Mapping[str, Any]) -> list[str]:
    """The names of the clients that `options` has a dict for; none if they are the options of one client."""
    return [str(name) for name in options] if isinstance(options.get(DEFAULT), Mapping) else []


def misspelt(names: Iterable[str]) -> list[str]:
    """What is said of each `TOGETHER_*` variable that no client reads, but that is nearly the name of an option."""
    known = {
        variable for name in (DEFAULT, *names) for option in OPTIONS.values() for variable in option.variables(name)
    }
    known |= {f"{PREFIX}{location.upper()}" for location in LOCATIONS}
    unknown = sorted(variable for variable in os.environ if variable.startswith(PREFIX) and variable not in known)
    hints = {variable: near_miss(variable, known, cutoff=0.85) for variable in unknown}
    return [f"env {variable}: nothing reads this variable{hint}." for variable, hint in hints.items() if hint]


def _options_of(given: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    if not client_names(given):
        return given if name == DEFAULT else {}
    return cast("Mapping[str, Any]", given.get(name, {}))


def _nested(source: str, given: Mapping[str, Any], name: str) -> str:
    """`source` for the options of one of several clients: `TOGETHER["eu"]["{}"]`, `file.toml: eu.{}`."""
    if not client_names(given):
        return source
    return source.replace("{}", f'{name}"]["{{}}' if source.endswith('["{}"]') else f"{name}.{{}}")


def _place(source: str) -> str:
    """What messages call the place whose options are `source`."""
    return source.removesuffix('["{}"]').removesuffix(".{}")


def _from_dict(options: Any, source: str, known: set[str], *, was_given: bool = True, key: str = "not given") -> Place:
    if not isinstance(options, Mapping):
        said = _place(source)
        return Place({}, said, (f"{said} must hold the options of a client, as {DEFAULT!r} does.",))
    options = cast("Mapping[object, Any]", options)
    values: dict[str, Finding] = {}
    problems: list[str] = []
    for spelt, value in options.items():
        option, label = str(spelt).lower(), source.replace("{}", str(spelt))
        if option not in known:
            problems.append(f"{label}{_unknown(str(spelt), value, known)}")
        elif option in values:
            problems.append(f"{label}: this option is there twice, also as {values[option].source}.")
        elif _is_set(option, value):
            try:
                values[option] = Finding(conceal(value) if option == "api_key" else value, label, was_given)
            except TypeError:
                kind = type(value).__name__
                problems.append(f"{label} must be a str, or a function that gives one, not {kind}.")
        elif option == "api_key":
            key = "empty" if value is not None else key
    spelt_key = "API_KEY" if any(str(name).isupper() for name in options) else "api_key"
    return Place(values, f"{source.replace('{}', spelt_key)} ({key})", tuple(problems))


def _unknown(name: str, value: object, known: set[str]) -> str:
    if name == DEFAULT:
        return f" must be a dict with the options of the client, not {type(value).__name__}."
    if isinstance(value, Mapping):
        return f": there is no such option; for clients of several names, one has to be called {DEFAULT!r}."
    name = name[len(PREFIX) :] if name.upper().startswith(PREFIX) else name
    return f": there is no such option{near_miss(name, _spelt_like(name, known))}."


def _spelt_like(name: str, known: set[str]) -> list[str]:
    return [option.upper() if name.isupper() else option for option in known]


def _is_set(option: str, value: Any) -> bool:
    if option == "base_url" and value is not None:  # may be a URL object
        value = str(value)
    if value is None:
        return option == "timeout"  # for which it says something: there is no limit
    text = value.get_secret_value() if option == "api_key" and hasattr(value, "get_secret_value") else value
    return value is not not_given and not (isinstance(text, str) and not text.strip())


def _from_texts(get: Callable[[str], str | None], name: str, source: str, key: str) -> Place:
    """What stands under the names of environment variables; `get` gives the text of one."""
    values: dict[str, Finding] = {}
    for option, variable in _variables(name):
        if option not in values and (text := (get(variable) or "").strip()):
            value = conceal(text) if option == "api_key" else text
            values[option] = Finding(value, source.replace("{}", variable))
    variable = OPTIONS["api_key"].variables(name)[0]
    return Place(values, key.format(variable, "not set" if get(variable) is None else "empty"))


@functools.lru_cache
def _variables(name: str) -> tuple[tuple[str, str], ...]:
    """The options of the client named `name`, and the variables they may stand in, the first of which wins."""
    return tuple((option.name, variable) for option in OPTIONS.values() for variable in option.variables(name))


def _locations(environment: Mapping[str, str], *given: Any) -> dict[str, Finding]:
    """Where else to look, as far as that is said: in the environment, or in the settings, the last of which wins."""
    found = {
        location: Finding(text, f"env TOGETHER_{location.upper()}")
        for location in LOCATIONS
        if (text := environment.get(f"{PREFIX}{location.upper()}", "").strip())
    }
    for options in given:
        named = cast("Mapping[object, object]", options if isinstance(options, Mapping) else {})
        for name, value in named.items():
            if (location := str(name).lower()) in LOCATIONS and value:
                found[location] = Finding(str(value), str(name))
    return found


def _env_file(name: str, where: Finding | None) -> Place:
    path = Path(where.value if where else ENV_FILE)
    try:
        if not path.exists():
            missing = (f"{where.source}={where.value!r}: there is no such file.",) if where else ()
            return Place({}, f"{path} (no such file)", missing)
        from dotenv import dotenv_values

        texts = dotenv_values(path, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return Place({}, f"{path} (unreadable)", (f"{path} cannot be read: {_reason(error)}.",))
    return _from_texts(texts.get, name, f"{path} {{}}", f"{{}} in {path} ({{}})")


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror or type(error).__name__


def _secret_directories(name: str, where: Finding | None) -> Iterator[Place]:
    """Docker and Kubernetes mount a file for each secret, systemd credentials too."""
    if where:
        directories = where.value.split(os.pathsep)
    else:
        directories = [os.environ.get("CREDENTIALS_DIRECTORY", ""), SECRETS_DIRECTORY]
    for directory in filter(None, directories):
        yield _secret_directory(name, Path(directory).absolute(), where)


def _secret_directory(name: str, directory: Path, where: Finding | None) -> Place:
    try:
        # Kubernetes and Docker allow no underscore, or no capital, in some names.
        files = {entry.name.upper().replace("-", "_"): entry.path for entry in os.scandir(directory)}
    except OSError as error:
        wrong = (f"{where.source}={str(directory)!r} cannot be read: {_reason(error)}.",) if where else ()
        return Place({}, f"a file together_api_key in {directory} ({_reason(error)})", wrong)
    values: dict[str, Finding] = {}
    problems: list[str] = []
    for option in OPTIONS.values():
        path = next((files[variable] for variable in option.variables(name) if variable in files), None)
        if path is None:
            continue
        try:
            # A key is read when it is needed, and again when the file is another.
            text = f"file://{quote(path)}" if option.name == "api_key" else Path(path).read_text("utf-8-sig").strip()
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"{path} cannot be read: {_reason(error)}.")
        else:
            values[option.name] = (
                Finding(conceal(text), "a mounted secret") if option.name == "api_key" else Finding(text, path)
            )
    file_name = OPTIONS["api_key"].variables(name)[0].lower()
    return Place(values, f"a file {file_name} in {directory} (no such file)", tuple(problems))


class _ConfigFile(NamedTuple):
    options: Mapping[str, Any] = {}
    source: str = ""
    problem: str | None = None


def _read_config_file(where: Finding) -> _ConfigFile:
    path = Path(where.value).expanduser()
    try:
        from .settings import read_config_file

        options, prefix = read_config_file(path)
    except (OSError, ConfigurationError) as error:
        reason = _reason(error) if isinstance(error, OSError) else str(error)
        return _ConfigFile({}, f"{path}: {{}}", f"{where.source}={where.value!r}: {reason.removesuffix('.')}.")
    return _ConfigFile(options, f"{path}: {prefix}{{}}")


def _from_config_file(file: _ConfigFile, name: str) -> Place:
    if not file.source:
        return Place({}, "a configuration file (TOGETHER_CONFIG_FILE is not set)")
    if file.problem is not None:
        return Place({}, "the configuration file (unreadable)", (file.problem,))
    source = _nested(file.source, file.options, name)
    return _from_dict(_options_of(file.options, name), source, set(OPTIONS), was_given=False, key="not set")
