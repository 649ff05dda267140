"""A statement that reads a file may take so long and no longer: its two readers serve everybody's sign-in."""

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa

from badgepin.store import transaction
from badgepin.store.transaction import StoreUnavailable, Transaction, open_database

ENDLESS = sa.text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n")
_COUNTED = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT count(*) FROM n"
SHORT, LONG = sa.text(_COUNTED.format(20_000)), sa.text(_COUNTED.format(3_000_000))


def test_an_endless_read_is_ended_and_the_reader_serves_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transaction, "_PATIENCE", 0.2)

    async def work() -> None:
        database = open_database(f"sqlite:///{tmp_path / 'badgepin.db'}")
        try:
            for _ in range(3):
                with pytest.raises(StoreUnavailable) as refused:
                    await database.read(lambda tx: tx.execute(ENDLESS).scalar_one())
                assert isinstance(refused.value.__cause__, TimeoutError)
            assert await database.read(lambda tx: tx.execute(sa.text("SELECT 1")).scalar_one()) == 1
            # each statement has its own time: what reads portion by portion goes on
            assert await database.read(_portions) == 40
            # whoever writes is not cut short in the middle
            assert await database.write(lambda tx: tx.execute(LONG).scalar_one()) == 3_000_000
        finally:
            await database.close()

    asyncio.run(work())


def _portions(tx: Transaction) -> int:
    return sum(1 for _ in range(40) if tx.execute(SHORT).scalar_one())
