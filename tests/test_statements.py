"""What the listener on statements refuses."""

from __future__ import annotations

import pytest
from sqlalchemy import exists, select

from petition_app.accounts.models import Membership
from petition_app.signatures.models import Signature
from petition_app.verification.models import Decision, SecondLook
from tests.statements import LOOSE

WAITS = exists().where(SecondLook.signature_id == Signature.id)
LOST = exists().where(Decision.signature_id == Signature.id, Decision.position > SecondLook.position)
MEANT = exists().where(Decision.signature_id == SecondLook.signature_id, Decision.position > SecondLook.position)
HERE = exists().where(Membership.petition_id == Signature.petition_id).correlate(SecondLook, Signature)


@pytest.mark.parametrize(
    ("inner", "is_refused"), [(LOST, True), (MEANT, False), (HERE, False)], ids=["lost", "meant", "correlated"]
)
def test_a_nested_query_that_looks_through_a_table_anew_is_refused(inner: object, is_refused: bool) -> None:
    statement = str(select(Signature.id).where(WAITS.where(~inner)))  # type: ignore[operator] # A condition.
    assert bool(LOOSE.search(statement)) is is_refused, statement
