"""standard terms

Revision ID: 0034
Revises: 0033
Create Date: 2026-11-30 16:20:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0034'
down_revision = '0033'
branch_labels = None
depends_on = None

COLUMNS = (
    ('signatures', 'consent', 'publication_tier'),
    ('signatures', 'others', 'min_named_others'),
    ('signatures', 'names_due', 'names_stale'),
    ('signatures', 'matched_number', 'matched_roster'),
    ('signatures', 'agreed', 'awaiting_enactment'),
    ('decisions', 'carried', 'enacted'),
    ('staged_rows', 'consent', 'publication_tier'),
)
OLD_INDEXES = (
    ('signatures', 'ix_signatures_agreed', ['petition_id'], 'agreed'),
    ('signatures', 'ix_signatures_others', ['petition_id', 'state'], 'others IS NOT NULL'),
    ('signatures', 'ix_signatures_names_due', ['petition_id', 'names_due'], None),
    ('decisions', 'ix_decisions_carried', ['petition_id', 'carried', 'at'], None),
)
NEW_INDEXES = (
    ('signatures', 'ix_signatures_awaiting_enactment', ['petition_id'], 'awaiting_enactment'),
    ('signatures', 'ix_signatures_conditional', ['petition_id', 'state'], 'min_named_others IS NOT NULL'),
    ('signatures', 'ix_signatures_names_stale', ['petition_id', 'names_stale'], None),
    ('decisions', 'ix_decisions_enacted', ['petition_id', 'enacted', 'at'], None),
)


def rename(columns, gone, made):
    for table, name, _, _ in gone:
        op.drop_index(name, table_name=table)
    for table, name, new_name in columns:
        op.alter_column(table, name, new_column_name=new_name)
    for table, name, over, condition in made:
        where = {} if condition is None else {
            'sqlite_where': sa.text(condition), 'postgresql_where': sa.text(condition),
        }
        op.create_index(name, table, over, unique=False, **where)


def upgrade():
    rename(COLUMNS, OLD_INDEXES, NEW_INDEXES)


def downgrade():
    rename([(table, new, old) for table, old, new in COLUMNS], NEW_INDEXES, OLD_INDEXES)
