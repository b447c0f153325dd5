"""row order

Revision ID: 0027
Revises: 0026
Create Date: 2026-11-29 05:40:00.000000

"""
import re

from alembic import op
import sqlalchemy as sa

from petition_app.storage.engines import near


# revision identifiers, used by Alembic.
revision = '0027'
down_revision = '0026'
branch_labels = None
depends_on = None

# SQLite gives each row a number that grows. These tables hold rows of signers, and lie in the order of their keys.
UNNUMBERED = (
    'sealed_keys', 'near_keys', 'confirmations', 'second_codes', 'knocks', 'signature_deltas',
    'sent_letters', 'jobs', 'due_marks', 'due_names', 'claims', 'published_names', 'second_looks', 'evidence',
    'contact_requests', 'import_members', 'imported_refs', 'staged_rows', 'leases', 'decisions', 'group_entries',
    'bulk_cases', 'pending_checkpoints',
)
# Too long for that: they get other numbers from time to time.
NUMBERED = {'sealed_parts': 'signature_id', 'questions': 'signature_id', 'signatures': 'id'}
ENDING = ' WITHOUT ROWID'


def rebuild(table, unnumbered):
    """Write a table of SQLite anew, in the order of its key, with or without numbers."""
    connection = op.get_bind()
    stored = sa.text("SELECT sql FROM sqlite_master WHERE type = :kind AND tbl_name = :table AND sql IS NOT NULL")
    sql = connection.execute(stored, {'kind': 'table', 'table': table}).scalar_one()
    indexes = connection.execute(stored, {'kind': 'index', 'table': table}).scalars().all()
    columns = connection.execute(sa.text(f'PRAGMA table_info("{table}")')).all()
    names = ', '.join(f'"{column.name}"' for column in columns)
    key = ', '.join(f'"{column.name}"' for column in sorted(columns, key=lambda one: one.pk) if column.pk)
    made = re.sub(rf'^CREATE TABLE "?{table}"?', f'CREATE TABLE "new_{table}"', sql, count=1)
    made = re.sub(r'\s+WITHOUT ROWID\s*$', '', made) + (ENDING if unnumbered else '')
    connection.exec_driver_sql(made)
    connection.exec_driver_sql(f'INSERT INTO "new_{table}" ({names}) SELECT {names} FROM "{table}" ORDER BY {key}')
    connection.exec_driver_sql(f'DROP TABLE "{table}"')
    connection.exec_driver_sql(f'ALTER TABLE "new_{table}" RENAME TO "{table}"')
    for index in indexes:
        connection.exec_driver_sql(index)


def scatter(table, number):
    """Give the rows of a table of SQLite other numbers."""
    connection = op.get_bind()
    connection.exec_driver_sql(f'UPDATE "{table}" SET rowid = {number}')


def upgrade():
    op.add_column('completions', sa.Column('mark', sa.BigInteger(), nullable=True))
    op.create_table('signer_acts',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('act', sa.String(length=60), nullable=False),
    sa.Column('petition_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.ForeignKeyConstraint(['petition_id'], ['petitions.id'], name=op.f('fk_signer_acts_petition_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_signer_acts'))
    )
    op.create_index(op.f('ix_signer_acts_petition_id'), 'signer_acts', ['petition_id'], unique=False)
    # What stands in the chain stays there; what waits to be linked joins it as a number a day.
    op.execute(
        "INSERT INTO signer_acts (id, act, petition_id, number, day) "
        "SELECT id, act, petition_id, number, day FROM audit_events "
        "WHERE position IS NULL AND at IS NULL AND petition_id IS NOT NULL"
    )
    op.execute("DELETE FROM audit_events WHERE position IS NULL AND at IS NULL AND petition_id IS NOT NULL")
    if op.get_bind().dialect.name == 'sqlite':
        for table in (*UNNUMBERED, 'signer_acts'):
            rebuild(table, True)
        for table, column in NUMBERED.items():
            scatter(table, near(column))


def downgrade():
    op.execute(
        "INSERT INTO audit_events (id, act, petition_id, number, day) "
        "SELECT id, act, petition_id, number, day FROM signer_acts"
    )
    op.drop_index(op.f('ix_signer_acts_petition_id'), table_name='signer_acts')
    op.drop_table('signer_acts')
    if op.get_bind().dialect.name == 'sqlite':
        for table in UNNUMBERED:
            rebuild(table, False)
    op.drop_column('completions', 'mark')
