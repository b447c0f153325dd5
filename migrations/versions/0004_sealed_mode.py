"""sealed mode

Revision ID: 0004
Revises: 0003
Create Date: 2026-11-22 17:26:34.714160

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('couriers',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('public', sa.LargeBinary(length=32), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_couriers'))
    )
    op.create_table('account_keys',
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('public', sa.LargeBinary(length=32), nullable=False),
    sa.Column('signing_public', sa.LargeBinary(length=32), nullable=False),
    sa.Column('private_box', sa.LargeBinary(), nullable=False),
    sa.Column('duress_box', sa.LargeBinary(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('alarm_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_account_keys_account_id')),
    sa.PrimaryKeyConstraint('account_id', name=op.f('pk_account_keys'))
    )
    op.create_table('match_pages',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('petition_id', sa.Uuid(), nullable=False),
    sa.Column('last_id', sa.Uuid(), nullable=False),
    sa.Column('box', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['petition_id'], ['petitions.id'], name=op.f('fk_match_pages_petition_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_match_pages'))
    )
    with op.batch_alter_table('match_pages', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_match_pages_petition_id'), ['petition_id'], unique=False)

    op.create_table('petition_keys',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('petition_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('public', sa.LargeBinary(length=32), nullable=False),
    sa.Column('index_box', sa.LargeBinary(), nullable=False),
    sa.Column('recovery_public', sa.LargeBinary(length=32), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('retired_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['petition_id'], ['petitions.id'], name=op.f('fk_petition_keys_petition_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_petition_keys')),
    sa.UniqueConstraint('petition_id', 'number', name=op.f('uq_petition_keys_petition_id_number'))
    )
    op.create_table('unlocks',
    sa.Column('token_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('petition_id', sa.Uuid(), nullable=False),
    sa.Column('box', sa.LargeBinary(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_unlocks_account_id')),
    sa.ForeignKeyConstraint(['petition_id'], ['petitions.id'], name=op.f('fk_unlocks_petition_id')),
    sa.PrimaryKeyConstraint('token_hash', name=op.f('pk_unlocks'))
    )
    with op.batch_alter_table('unlocks', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_unlocks_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_unlocks_petition_id'), ['petition_id'], unique=False)

    op.create_table('key_wraps',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('key_id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=True),
    sa.Column('box', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_key_wraps_account_id')),
    sa.ForeignKeyConstraint(['key_id'], ['petition_keys.id'], name=op.f('fk_key_wraps_key_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_key_wraps')),
    sa.UniqueConstraint('key_id', 'account_id', name=op.f('uq_key_wraps_key_id_account_id'))
    )
    with op.batch_alter_table('key_wraps', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_key_wraps_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_key_wraps_key_id'), ['key_id'], unique=False)

    op.create_table('due_names',
    sa.Column('signature_id', sa.Uuid(), nullable=False),
    sa.Column('petition_id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['petition_id'], ['petitions.id'], name=op.f('fk_due_names_petition_id')),
    sa.ForeignKeyConstraint(['signature_id'], ['signatures.id'], name=op.f('fk_due_names_signature_id')),
    sa.PrimaryKeyConstraint('signature_id', name=op.f('pk_due_names'))
    )
    with op.batch_alter_table('due_names', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_due_names_petition_id'), ['petition_id'], unique=False)

    with op.batch_alter_table('due_marks', schema=None, recreate='always') as batch_op:
        batch_op.add_column(sa.Column('since', sa.DateTime(timezone=True), nullable=False, server_default=sa.text("'2020-01-01 00:00:00'")))
        batch_op.add_column(sa.Column('urgent', sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table('due_marks', schema=None) as batch_op:
        batch_op.alter_column('since', server_default=None)
        batch_op.alter_column('urgent', server_default=None)

    with op.batch_alter_table('jobs', schema=None) as batch_op:
        batch_op.add_column(sa.Column('courier_id', sa.Uuid(), nullable=True))
        batch_op.create_index(batch_op.f('ix_jobs_courier_id'), ['courier_id'], unique=False)


def downgrade():
    with op.batch_alter_table('jobs', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_jobs_courier_id'))
        batch_op.drop_column('courier_id')

    with op.batch_alter_table('due_marks', schema=None) as batch_op:
        batch_op.drop_column('urgent')
        batch_op.drop_column('since')

    with op.batch_alter_table('due_names', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_due_names_petition_id'))

    op.drop_table('due_names')
    with op.batch_alter_table('key_wraps', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_key_wraps_key_id'))
        batch_op.drop_index(batch_op.f('ix_key_wraps_account_id'))

    op.drop_table('key_wraps')
    with op.batch_alter_table('unlocks', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_unlocks_petition_id'))
        batch_op.drop_index(batch_op.f('ix_unlocks_account_id'))

    op.drop_table('unlocks')
    op.drop_table('petition_keys')
    with op.batch_alter_table('match_pages', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_match_pages_petition_id'))

    op.drop_table('match_pages')
    op.drop_table('account_keys')
    op.drop_table('couriers')
