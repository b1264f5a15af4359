"""Reading form bodies: `multipart/form-data` and the URL-encoded kind."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.message import Message
from email.parser import HeaderParser
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from .exchange import ApiError

if TYPE_CHECKING:
    from .exchange import Request


@dataclass(frozen=True, slots=True)
class FilePart:
    """A part that came with a file name."""

    name: str
    data: bytes


@dataclass(slots=True)
class Form:
    """The texts and the files of a form; `name[]` counts as `name`."""

    texts: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    files: dict[str, FilePart] = field(default_factory=dict[str, FilePart])

    def text(self, name: str, default: str = "") -> str:
        """Return the first text of a field, or the default."""
        return self.texts.get(name, [default])[0]

    def required_text(self, name: str) -> str:
        """Return a text that has to be there.

        Raises:
            ApiError: the field is absent or empty.
        """
        value = self.text(name)
        if not value:
            message = f"`{name}` is required: add it to the form."
            raise ApiError(400, message, param=name, code="missing_required")
        return value

    def add_text(self, name: str, value: str) -> None:
        """Add a text to a field."""
        self.texts.setdefault(name.removesuffix("[]"), []).append(value)


def read_form(request: Request) -> Form:
    """Read a request's form.

    Raises:
        ApiError: the body is no form, or is cut off.
    """
    content_type = Message()
    content_type["content-type"] = request.headers.get("content-type", "")
    match content_type.get_content_type() if content_type["content-type"] else "":
        case "multipart/form-data":
            return _multipart(request.body, content_type.get_boundary())
        case "application/x-www-form-urlencoded":
            form = Form()
            for name, value in parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True):
                form.add_text(name, value)
            return form
        case other:
            message = f"The content type is {other or 'missing'}: send multipart/form-data."
            raise ApiError(400, message, param="content-type")


def _multipart(body: bytes, boundary: str | None) -> Form:
    if not boundary:
        raise _malformed("its content type names no boundary")
    mark = re.escape(b"\r\n--" + boundary.encode(errors="replace")) + rb"(?=--|[ \t]*\r\n)"
    # The first boundary may stand at the very start; putting a line break before makes all alike.
    before, *sections = re.split(mark, b"\r\n" + body)
    if not sections or before.strip() or not sections[-1].startswith(b"--"):
        raise _malformed("the boundary does not open and close it")
    form = Form()
    for section in sections[:-1]:
        _add_section(form, section)
    return form


def _add_section(form: Form, section: bytes) -> None:
    # A part without headers of its own has its blank line right after the boundary.
    head, blank, data = section.partition(b"\r\n\r\n")
    if not blank:
        raise _malformed("a part has no blank line after its headers")
    headers = HeaderParser().parsestr(head.lstrip(b" \t\r\n").decode(errors="replace"))
    name = headers.get_param("name", header="content-disposition")
    if not isinstance(name, str) or not name:
        raise _malformed("a part has no name in its Content-Disposition")
    filename = headers.get_filename()
    if filename is None:
        form.add_text(name, data.decode(errors="replace"))
    else:
        # Browsers and httpx write a quotation mark in a file name as %22.
        plain = filename.replace("%22", '"').replace("\\", "/").rsplit("/", 1)[-1]
        form.files[name] = FilePart(plain, data)


def _malformed(why: str) -> ApiError:
    return ApiError(400, f"The multipart body cannot be read: {why}.", param="body", code="invalid_form")
