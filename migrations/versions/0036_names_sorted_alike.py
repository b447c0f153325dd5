"""names sorted alike

Revision ID: 0036
Revises: 0035
Create Date: 2026-11-30 17:20:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0036'
down_revision = '0035'
branch_labels = None
depends_on = None


COLUMNS = (('published_names', 'sort_key', 240), ('published_places', 'place', 200))


def collate(collation):
    # SQLite sorts by code point anyway.
    if op.get_bind().dialect.name != 'postgresql':
        return
    for table, column, length in COLUMNS:
        op.execute(f'ALTER TABLE {table} ALTER COLUMN {column} TYPE varchar({length}) COLLATE "{collation}"')


def upgrade():
    collate('C')


def downgrade():
    collate('default')
