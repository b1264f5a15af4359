"""The database: an engine for each app, a session for each request."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from flask import Flask, current_app, g
from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.schema import CreateIndex, CreateTable

from .models import Base


def init_app(app: Flask) -> None:
    """Connect the app to its database, and make the tables that are missing."""
    url = cast("str", app.config["DATABASE_URL"])
    engine = create_engine(url or _default_url(app))
    with engine.begin() as connection:
        for table in Base.metadata.sorted_tables:
            # Not `create_all`, which looks first: the workers of a server start at the same time.
            connection.execute(CreateTable(table, if_not_exists=True))
            for index in table.indexes:
                connection.execute(CreateIndex(index, if_not_exists=True))
    # A server may fork now; its workers need connections of their own.
    engine.dispose()
    app.extensions["sessions"] = sessionmaker(engine)
    app.teardown_appcontext(_close_session)


def _default_url(app: Flask) -> str:
    Path(app.instance_path).mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{app.instance_path}/support_desk.sqlite3"


def sessions() -> sessionmaker[Session]:
    """What makes sessions, for work that outlives the request."""
    return cast("sessionmaker[Session]", current_app.extensions["sessions"])


def get_session() -> Session:
    """The session of this request."""
    if "session" not in g:
        g.session = sessions()()
    return cast("Session", g.session)


def _close_session(_: BaseException | None) -> None:
    session: Session | None = g.pop("session", None)
    if session is not None:
        session.close()
