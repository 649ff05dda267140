"""A PostgreSQL database that is put back between tests: a copy for each of them takes ten times as long."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg

from tests.postgres import Server

_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"
# everything that a test could leave behind but rows: tables, indexes, columns, triggers, functions, settings
_SHAPE = """
SELECT md5(concat(
    (SELECT string_agg(concat(oid, relname, reloptions, relnatts, relforcerowsecurity), ',' ORDER BY oid)
     FROM pg_class WHERE relnamespace = 'public'::regnamespace),
    (SELECT string_agg(concat(attrelid, attname, attnotnull, atttypid, attisdropped), ',' ORDER BY attrelid, attnum)
     FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid WHERE relnamespace = 'public'::regnamespace),
    (SELECT string_agg(concat(oid, tgenabled), ',' ORDER BY oid) FROM pg_trigger),
    (SELECT string_agg(oid::text, ',' ORDER BY oid) FROM pg_constraint),
    (SELECT string_agg(oid::text, ',' ORDER BY oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace),
    (SELECT string_agg(setconfig::text, ',') FROM pg_db_role_setting)
))
"""


class Rewound:
    """Copies of one template, of which there is one at a time: it is used again unless a test changed its shape."""

    def __init__(self, server: Server, template: str) -> None:
        self._server, self._template = server, template
        self._runner = asyncio.Runner()
        self._connection: Any = None
        self.url = ""

    def fresh(self) -> str:
        """The address of a database as the template is."""
        if not self.url:
            self._copy()
        return self.url

    def put_back(self) -> None:
        """Undo what a test did, or give the database up where that was more than rows."""
        if not self._runner.run(self._is_put_back()):
            self._give_up()

    def close(self) -> None:
        """Give everything back."""
        if self.url:
            self._give_up()
        self._runner.close()

    def _copy(self) -> None:
        self.url = self._server.new_database(self._template)
        self._runner.run(self._keep())

    def _give_up(self) -> None:
        self._runner.run(self._disconnect())
        self._server.drop_database(self.url)
        self.url = ""

    async def _disconnect(self) -> None:
        self._connection.terminate()
        await asyncio.sleep(0)

    async def _keep(self) -> None:
        self._connection = await asyncpg.connect(self.url)
        await self._connection.execute("CREATE SCHEMA kept")
        steps = []
        for (name,) in await self._connection.fetch(_TABLES):
            steps.append(f'DELETE FROM public."{name}"')
            if await self._connection.fetchval(f'SELECT count(*) FROM public."{name}"'):
                await self._connection.execute(f'CREATE TABLE kept."{name}" AS SELECT * FROM public."{name}"')
                steps.append(f'INSERT INTO public."{name}" SELECT * FROM kept."{name}"')
        self._shape = await self._connection.fetchval(_SHAPE)
        self._script = ";".join(["BEGIN", "SET LOCAL session_replication_role = replica", *steps, "COMMIT"])

    async def _is_put_back(self) -> bool:
        try:
            if await self._connection.fetchval(_SHAPE) != self._shape:
                return False
            async with asyncio.timeout(10):
                await self._connection.execute(self._script)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
            return False
        return True


@contextmanager
def rewound(server: Server, template: str) -> Iterator[Rewound]:
    """One for as long as the block runs."""
    made = Rewound(server, template)
    try:
        yield made
    finally:
        made.close()
