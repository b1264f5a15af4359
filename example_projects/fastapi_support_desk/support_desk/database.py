"""The database of the application that runs."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.schema import CreateIndex, CreateTable

from .models import Base

Sessions: TypeAlias = async_sessionmaker[AsyncSession]


@asynccontextmanager
async def connected(url: str) -> AsyncGenerator[Sessions]:
    """What makes sessions of the database at `url`; tables that are missing are made."""
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            await _create_tables(connection)
        yield async_sessionmaker(engine, expire_on_commit=False)
    finally:
        await engine.dispose()


async def _create_tables(connection: AsyncConnection) -> None:
    # Not `create_all`, which looks first: the workers of a server start at the same time.
    for table in Base.metadata.sorted_tables:
        await connection.execute(CreateTable(table, if_not_exists=True))
        for index in table.indexes:
            await connection.execute(CreateIndex(index, if_not_exists=True))
