"""imports go on

Revision ID: 0019
Revises: 0018
Create Date: 2026-11-23 05:20:00.000000

"""
import secrets

from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None

# What is sealed of an import stands where it will stay before its signatures are there.
SEALED = ('sealed_parts', 'sealed_keys')


def upgrade():
    with op.batch_alter_table('imports', schema=None) as batch_op:
        batch_op.add_column(sa.Column('terms', sa.LargeBinary(length=32), nullable=True))
    for table in SEALED:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_constraint(batch_op.f(f'fk_{table}_signature_id'), type_='foreignkey')
    # Sealed bytes stay in the rows of their table: PostgreSQL would cut them up and try to compress them. 8,160 bytes
    # are what a page takes; longer rows are cut up as ever.
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('ALTER TABLE sealed_parts SET (toast_tuple_target = 8160)')

    # Staged rows last for the minutes of an import; one that was cut off starts anew.
    op.drop_table('staged_rows')
    op.create_table('staged_rows',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('import_id', sa.Uuid(), nullable=False),
    sa.Column('line', sa.Integer(), nullable=False),
    sa.Column('language', sa.String(length=8), nullable=False),
    sa.Column('consent', sa.SmallInteger(), nullable=False),
    sa.Column('commitment', sa.LargeBinary(length=32), nullable=False),
    sa.Column('code_hash', sa.LargeBinary(length=32), nullable=True),
    sa.Column('signer_key', sa.LargeBinary(length=32), nullable=True),
    sa.Column('name_index', sa.LargeBinary(length=32), nullable=True),
    sa.Column('mailbox_index', sa.LargeBinary(length=32), nullable=True),
    sa.Column('ref_index', sa.LargeBinary(length=32), nullable=True),
    sa.ForeignKeyConstraint(['import_id'], ['imports.id'], name=op.f('fk_staged_rows_import_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_staged_rows')),
    sa.UniqueConstraint('import_id', 'line', name=op.f('uq_staged_rows_import_id_line'))
    )
    # An uploaded file that is half way cannot go on with the rows that are gone; it ends with nothing added.
    connection = op.get_bind()
    half = connection.execute(sa.text("SELECT id FROM imports WHERE state = 'staging' AND account_id IS NOT NULL"))
    for (job,) in half.all():
        connection.execute(sa.text("DELETE FROM import_chunks WHERE import_id = :job"), {"job": job})
        connection.execute(
            sa.text("UPDATE imports SET state = 'stopped', box = NULL, columns = NULL, staged = 0, sha256 = :new "
                    "WHERE id = :job"),
            {"job": job, "new": secrets.token_bytes(32)},
        )


def downgrade():
    for table in ('sealed_keys', 'sealed_parts'):
        op.execute(f"DELETE FROM {table} WHERE signature_id IN (SELECT id FROM staged_rows)")
    op.drop_table('staged_rows')
    op.create_table('staged_rows',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('import_id', sa.Uuid(), nullable=False),
    sa.Column('line', sa.Integer(), nullable=False),
    sa.Column('record', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['import_id'], ['imports.id'], name=op.f('fk_staged_rows_import_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_staged_rows')),
    sa.UniqueConstraint('import_id', 'line', name=op.f('uq_staged_rows_import_id_line'))
    )
    for table in SEALED:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.create_foreign_key(
                batch_op.f(f'fk_{table}_signature_id'), 'signatures', ['signature_id'], ['id']
            )
    with op.batch_alter_table('imports', schema=None) as batch_op:
        batch_op.drop_column('terms')
