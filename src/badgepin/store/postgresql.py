"""How a node finds PostgreSQL's primary, and what it believes about a commit (security design 5.5).

`database_url` may name several servers. New connections go to the one that takes writes, the last one found first, and
a server that stays silent costs seconds, not the whole attempt. A commit counts only when nothing was said against it.
"""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from badgepin.store.servers import servers_of

_PORT = 5432
_WATCH = "badgepin_watch"
# a server that is up answers in milliseconds; a dark one must leave time for the others
_SILENT_AFTER = 2.0
_CONNECT_WITHIN = 5.0
# "cancelled while waiting for a standby": committed here, perhaps nowhere else
_WARNING = "01000"
# up to the hint, or to the statement that SQLAlchemy adds
_VALUES = re.compile(r"(?:(for query argument \$\d+): |\nDETAIL:  ).*?(?=\nHINT:  |\n\[SQL: |\Z)", re.DOTALL)


class NoPrimary(OSError):
    """None of the servers takes writes now."""


class Watch:
    """One connection's driver, and whether its server warned about the statement under way."""

    def __init__(self, driver: Any) -> None:  # noqa: ANN401 - asyncpg has no types
        self._driver = driver
        self.is_warned = False
        driver.add_log_listener(self._hear)

    def _hear(self, _driver: object, message: Any) -> None:  # noqa: ANN401 - asyncpg has no types
        if message.sqlstate == _WARNING:
            self.is_warned = True

    @contextmanager
    def patience(self, seconds: float) -> Iterator[None]:
        """Hang up after so long without asking the server to cancel.

        A cancelled wait for a standby would show everybody a commit that a failover may still take back;
        a commit nobody waits for stays invisible until a standby has it. Its locks stay too.
        """
        self.is_warned = False
        timer = asyncio.get_running_loop().call_later(seconds, self._driver.terminate)
        try:
            yield
        finally:
            timer.cancel()


def watch_of(connection: sa.Connection) -> Watch:
    """The watch that every connection of `open_engine` carries."""
    found: Watch = connection.info[_WATCH]
    return found


def open_engine(url: str, **options: Any) -> AsyncEngine:  # noqa: ANN401 - SQLAlchemy's options
    """An engine for `postgresql://user@host:port,host:port/name`, whose connections all take writes.

    Raises `NoPrimary` or the driver's own error where no server does, when a connection is asked for.
    """
    servers = servers_of(url)
    engine = create_async_engine(servers[0], hide_parameters=True, **options)

    @sa.event.listens_for(engine.sync_engine, "do_connect")
    def _find(dialect: sa.Dialect, _record: object, arguments: Any, parameters: dict[str, Any]) -> Any:  # noqa: ANN401
        refusal: Exception = NoPrimary("no server was asked")
        for server in tuple(servers):
            place = {
                "host": server.host or "localhost",
                "port": server.port or _PORT,
                "target_session_attrs": "read-write",
                "timeout": _CONNECT_WITHIN if len(servers) == 1 else _SILENT_AFTER,
            }
            try:
                found = dialect.connect(*arguments, **{**parameters, **place})
            except (OSError, dialect.loaded_dbapi.Error) as error:
                is_standby = isinstance(error.__cause__, asyncpg.TargetServerAttributeNotMatched)
                refusal = NoPrimary(f"{server.host} does not take writes") if is_standby else error
            else:
                # the next connection asks this one first
                servers.remove(server)
                servers.insert(0, server)
                return found
        raise refusal

    @sa.event.listens_for(engine.sync_engine, "handle_error")
    def _withhold(context: sa.engine.ExceptionContext) -> None:
        for error in (context.sqlalchemy_exception, context.original_exception):
            withhold_values(error)

    @sa.event.listens_for(engine.sync_engine, "connect")
    def _watch(connection: Any, record: Any) -> None:  # noqa: ANN401 - the pool's own types
        record.info[_WATCH] = Watch(connection.driver_connection)

    return engine


def withhold_values(error: BaseException | None) -> None:
    """Take a row's values out of an error and its causes: it ends up in a log, and a name must not.

    PostgreSQL quotes the row in its DETAIL, and the driver quotes an argument that it cannot send.
    """
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, asyncpg.PostgresError):
            each.detail = None
        each.args = tuple(_VALUES.sub(r"\1", arg) if isinstance(arg, str) else arg for arg in each.args)
        waiting += [each.__cause__, each.__context__]
