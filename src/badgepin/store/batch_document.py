"""Encrypted documents of batches, in pieces; nothing here can be read without the requester's key."""

import sqlalchemy as sa

from badgepin.domain.badge_batch import BatchDocument
from badgepin.store.batch_tables import badge_batch_documents, badge_batch_pieces
from badgepin.store.transaction import Transaction

_document, _piece = badge_batch_documents.c, badge_batch_pieces.c


def insert(tx: Transaction, tenant_id: str, batch_id: str, document: BatchDocument) -> None:
    """A document whose pieces are all there."""
    tx.execute(
        sa.insert(badge_batch_documents).values(
            tenant_id=tenant_id,
            batch_id=batch_id,
            name=document.name,
            kind=document.kind,
            count=document.count,
            size=document.size,
        )
    )


def insert_piece(tx: Transaction, tenant_id: str, batch_id: str, name: str, number: int, ciphertext: bytes) -> None:
    """One piece."""
    values = {"name": name, "number": number, "ciphertext": ciphertext}
    tx.execute(sa.insert(badge_batch_pieces).values(tenant_id=tenant_id, batch_id=batch_id, **values))


def list_documents(tx: Transaction, tenant_id: str, batch_id: str) -> list[BatchDocument]:
    """The documents of a batch: badges before slips, in their order."""
    rows = tx.execute(
        sa.select(_document.name, _document.kind, _document["count"], _document.size)
        .where(_document.tenant_id == tenant_id, _document.batch_id == batch_id)
        .order_by(_document.kind, sa.func.length(_document.name), _document.name)
    )
    return [BatchDocument(*row) for row in rows]


def count_pieces(tx: Transaction, tenant_id: str, batch_id: str, name: str) -> int:
    """Of how many pieces a document is; 0 when there is none."""
    here = (_piece.tenant_id == tenant_id, _piece.batch_id == batch_id, _piece.name == name)
    return int(tx.execute(sa.select(sa.func.count()).select_from(badge_batch_pieces).where(*here)).scalar_one())


def find_piece(tx: Transaction, tenant_id: str, batch_id: str, name: str, number: int) -> bytes | None:
    """One piece."""
    found = tx.execute(
        sa.select(_piece.ciphertext)
        .where(_piece.tenant_id == tenant_id, _piece.batch_id == batch_id)
        .where(_piece.name == name, _piece.number == number)
    ).scalar()
    return None if found is None else bytes(found)


def delete_all(tx: Transaction, tenant_id: str, batch_id: str) -> None:
    """Forget every document of a batch."""
    for table in (badge_batch_pieces, badge_batch_documents):
        tx.execute(sa.delete(table).where(table.c.tenant_id == tenant_id, table.c.batch_id == batch_id))
