"""names are folded anew by the worker

Revision ID: 0040
Revises: 0039
Create Date: 2026-11-30 21:00:00.000000

"""
from datetime import datetime, timezone
from uuid import uuid4

from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0040'
down_revision = '0039'
branch_labels = None
depends_on = None

JOBS = sa.table(
    'jobs',
    sa.column('id', sa.Uuid()),
    sa.column('name', sa.String()),
    sa.column('payload', sa.JSON()),
    sa.column('due_at', sa.DateTime(timezone=True)),
    sa.column('tries', sa.Integer()),
)


def upgrade():
    # Nothing is locked here: the worker goes through the rows slice by slice, each in a transaction of its own.
    connection = op.get_bind()
    if connection.execute(sa.text('SELECT 1 FROM signatures LIMIT 1')).first() is None:
        return
    now = datetime.now(timezone.utc).replace(second=0, microsecond=0)
    payload = {'part': 'published'}
    op.bulk_insert(JOBS, [{'id': uuid4(), 'name': 'names.refold', 'payload': payload, 'due_at': now, 'tries': 0}])


def downgrade():
    op.execute(sa.delete(JOBS).where(JOBS.c.name == 'names.refold'))
