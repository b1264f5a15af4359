"""Where each option of a client came from: the answer to "why is it not the one I set?"."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

from .config import credential_for
from .credentials import Credential, shown_key
from .errors import ConfigurationError, MissingAPIKeyError
from .network import hidden_password
from .options import OPTIONS, shown_headers
from .sources import Finding, Found, misspelt

__all__ = ["Entry", "Explanation", "Origin", "explained"]


@dataclass(frozen=True, slots=True)
class Origin:
    """A value in one place.

    Attributes:
        value: The value as text; of a key the last four characters, or where it stands.
        source: The place.
    """

    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One option.

    Attributes:
        option: Its name.
        value: The value that counts, as text.
        source: Where it came from; `"default"` if it is set nowhere.
        shadowed: The values that do not count because `source` comes first.
    """

    option: str
    value: str
    source: str
    shadowed: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Every option of a client, with its source; as text, `str(explanation)`.

    Attributes:
        client: The client's name.
        entries: The options.
        problems: What is wrong: values that cannot be used, unknown options, files that cannot be read, no key.
        ignored: Variables that nothing reads, but that are nearly the name of an option.
    """

    client: str
    entries: tuple[Entry, ...]
    problems: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    def __getitem__(self, option: str) -> Entry:
        return next(entry for entry in self.entries if entry.option == option)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)

    def to_json(self) -> str:
        """The same as JSON."""
        return json.dumps(self.to_dict(), indent=2)

    def __str__(self) -> str:
        wide = max(len(entry.option) for entry in self.entries)
        lines: list[str] = []
        for entry in self.entries:
            lines.append(f"{entry.option:<{wide}}  {entry.value}  ({entry.source})")
            lines += [f"{'':<{wide}}    instead of {other.value} ({other.source})" for other in entry.shadowed]
        lines += [f"Wrong: {problem}" for problem in self.problems]
        return "\n".join([*lines, *(f"Unused: {text}" for text in self.ignored)])


def explained(found: Found, credential: Credential | None = None) -> Explanation:
    """The explanation of what was found; nothing is read for it.

    Args:
        found: What was found.
        credential: The key in use; left out, the one that would be used, if there is one.
    """
    values, problems = found.check()
    if credential is None:
        try:
            credential = credential_for(found, values)
        except (ConfigurationError, MissingAPIKeyError) as error:
            problems.append(str(error))
    entries = [_entry(option.name, found, values) for option in OPTIONS.values() if option.name != "api_key"]
    keys = found.of("api_key")
    if credential is None:
        key = Entry("api_key", "none", "nowhere", _shadowed("api_key", keys))
    else:
        key = Entry("api_key", *credential.shown, _shadowed("api_key", keys[1:]))
    return Explanation(found.name, (key, *entries), tuple(problems), tuple(misspelt(found.names)))


def _entry(option: str, found: Found, values: Mapping[str, Any]) -> Entry:
    findings = found.of(option)
    if not findings:
        return Entry(option, _shown(option, OPTIONS[option].default), "default")
    value = _shown(option, values.get(option, findings[0].value))
    if option == "default_headers":  # those of all places add up
        return Entry(option, value, " and ".join(finding.source for finding in findings))
    return Entry(option, value, findings[0].source, _shadowed(option, findings[1:]))


def _shadowed(option: str, findings: list[Finding]) -> tuple[Origin, ...]:
    return tuple(Origin(_shown(option, finding.value), finding.source) for finding in findings)


def _shown(option: str, value: object) -> str:
    """A value as text, without what is secret in it."""
    if option == "api_key":
        return shown_key(value)
    if option == "default_headers" and isinstance(value, Mapping):
        value = shown_headers(cast("Mapping[str, str]", value))
    if isinstance(value, tuple):
        return ", ".join(map(str, cast("tuple[object, ...]", value))) or "none"
    if isinstance(value, str):
        return hidden_password(value)
    return "none" if value is None or value == {} else str(value)
