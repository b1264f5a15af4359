"""`Timeout`: the time limits of one attempt."""

from __future__ import annotations

from types import EllipsisType


class Timeout:
    """Time limits in seconds for one attempt; `None` means no limit.

    Args:
        timeout: The limit for every part that is not given on its own.
        connect: Opening the connection, TLS included.
        read: Waiting for the next bytes of the response.
        write: Sending the next bytes of the request.
        pool: Waiting for a free connection.
    """

    __slots__ = ("connect", "pool", "read", "write")

    def __init__(
        self,
        timeout: float | None = None,
        *,
        connect: float | EllipsisType | None = ...,
        read: float | EllipsisType | None = ...,
        write: float | EllipsisType | None = ...,
        pool: float | EllipsisType | None = ...,
    ) -> None:
        self.connect = timeout if isinstance(connect, EllipsisType) else connect
        self.read = timeout if isinstance(read, EllipsisType) else read
        self.write = timeout if isinstance(write, EllipsisType) else write
        self.pool = timeout if isinstance(pool, EllipsisType) else pool

    def parts(self) -> dict[str, float | None]:
        """The four limits by name."""
        return {"connect": self.connect, "read": self.read, "write": self.write, "pool": self.pool}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Timeout) and self.parts() == other.parts()

    def __hash__(self) -> int:
        return hash(tuple(self.parts().values()))

    def __repr__(self) -> str:
        return f"Timeout({', '.join(f'{name}={value}' for name, value in self.parts().items())})"
