"""imports by hand

Revision ID: 0014
Revises: 0013
Create Date: 2026-11-23 01:05:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None

KINDS = (
    "'opened', 'initial', 'batch', 'report', 'amended', 'correction', 'closed', 'final', "
    "'paused', 'resumed', 'extended', 'handed_over', 'answered'"
)


def upgrade():
    with op.batch_alter_table('imports', schema=None) as batch_op:
        batch_op.add_column(sa.Column('account_id', sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column('columns', sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column('box', sa.LargeBinary(), nullable=True))
        for name in ('total', 'staged', 'bad'):
            batch_op.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('undone_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_imports_account_id'), 'accounts', ['account_id'], ['id'])
        batch_op.drop_constraint(batch_op.f('ck_imports_state_known'), type_='check')
        batch_op.create_check_constraint(
            batch_op.f('ck_imports_state_known'),
            "state IN ('waiting', 'staging', 'done', 'stopped', 'undoing', 'undone')",
        )
    with op.batch_alter_table('imports', schema=None) as batch_op:
        for name in ('total', 'staged', 'bad'):
            batch_op.alter_column(name, server_default=None)

    op.create_table('import_chunks',
    sa.Column('import_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('box', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['import_id'], ['imports.id'], name=op.f('fk_import_chunks_import_id')),
    sa.PrimaryKeyConstraint('import_id', 'number', name=op.f('pk_import_chunks'))
    )
    op.create_table('import_bad_rows',
    sa.Column('import_id', sa.Uuid(), nullable=False),
    sa.Column('line', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['import_id'], ['imports.id'], name=op.f('fk_import_bad_rows_import_id')),
    sa.PrimaryKeyConstraint('import_id', 'line', name=op.f('pk_import_bad_rows'))
    )
    op.create_table('import_members',
    sa.Column('signature_id', sa.Uuid(), nullable=False),
    sa.Column('import_id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['import_id'], ['imports.id'], name=op.f('fk_import_members_import_id')),
    sa.ForeignKeyConstraint(['signature_id'], ['signatures.id'], name=op.f('fk_import_members_signature_id')),
    sa.PrimaryKeyConstraint('signature_id', name=op.f('pk_import_members'))
    )
    with op.batch_alter_table('import_members', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_import_members_import_id'), ['import_id'], unique=False)
    with op.batch_alter_table('imported_refs', schema=None) as batch_op:
        batch_op.add_column(sa.Column('import_id', sa.Uuid(), nullable=True))
        batch_op.create_index(batch_op.f('ix_imported_refs_import_id'), ['import_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_imported_refs_import_id'), 'imports', ['import_id'], ['id'])

    # Signatures that are removed leave nothing behind that points to them: each of these is asked about every one.
    op.create_index(op.f('ix_decisions_duplicate_of_id'), 'decisions', ['duplicate_of_id'], unique=False)
    op.create_index(op.f('ix_bulk_cases_signature_id'), 'bulk_cases', ['signature_id'], unique=False)
    op.create_index(op.f('ix_rechecks_signature_id'), 'rechecks', ['signature_id'], unique=False)

    with op.batch_alter_table('updates', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_updates_kind_known'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_updates_kind_known'), f"kind IN ({KINDS}, 'taken_back')")


def downgrade():
    op.execute("DELETE FROM updates WHERE kind = 'taken_back'")
    with op.batch_alter_table('updates', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_updates_kind_known'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_updates_kind_known'), f"kind IN ({KINDS})")

    op.drop_index(op.f('ix_rechecks_signature_id'), table_name='rechecks')
    op.drop_index(op.f('ix_bulk_cases_signature_id'), table_name='bulk_cases')
    op.drop_index(op.f('ix_decisions_duplicate_of_id'), table_name='decisions')

    with op.batch_alter_table('imported_refs', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_imported_refs_import_id'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_imported_refs_import_id'))
        batch_op.drop_column('import_id')
    op.drop_table('import_members')
    op.drop_table('import_bad_rows')
    op.drop_table('import_chunks')

    op.execute("DELETE FROM staged_rows WHERE import_id IN (SELECT id FROM imports WHERE state NOT IN ('staging', 'done'))")
    op.execute("DELETE FROM imports WHERE state NOT IN ('staging', 'done')")
    with op.batch_alter_table('imports', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_imports_state_known'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_imports_state_known'), "state IN ('staging', 'done')")
        batch_op.drop_constraint(batch_op.f('fk_imports_account_id'), type_='foreignkey')
        for name in ('undone_at', 'bad', 'staged', 'total', 'box', 'columns', 'account_id'):
            batch_op.drop_column(name)
