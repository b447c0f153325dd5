"""freezing

Revision ID: 0005
Revises: 0004
Create Date: 2026-11-22 17:40:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('freezes',
    sa.Column('petition_id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=True),
    sa.Column('cause', sa.String(length=10), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('proposed_by_id', sa.Uuid(), nullable=True),
    sa.Column('proposed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('statement', sa.JSON(), nullable=True),
    sa.CheckConstraint("cause IN ('act', 'silence', 'duress')", name=op.f('ck_freezes_cause_known')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_freezes_account_id')),
    sa.ForeignKeyConstraint(['petition_id'], ['petitions.id'], name=op.f('fk_freezes_petition_id')),
    sa.ForeignKeyConstraint(['proposed_by_id'], ['accounts.id'], name=op.f('fk_freezes_proposed_by_id')),
    sa.PrimaryKeyConstraint('petition_id', name=op.f('pk_freezes'))
    )
    op.create_table('signing_keys',
    sa.Column('petition_id', sa.Uuid(), nullable=False),
    sa.Column('public_key', sa.LargeBinary(length=32), nullable=False),
    sa.Column('key_id', sa.String(length=40), nullable=False),
    sa.Column('box', sa.LargeBinary(), nullable=False),
    sa.Column('made_on', sa.Date(), nullable=False),
    sa.ForeignKeyConstraint(['petition_id'], ['petitions.id'], name=op.f('fk_signing_keys_petition_id')),
    sa.PrimaryKeyConstraint('petition_id', name=op.f('pk_signing_keys'))
    )
    op.add_column('petitions', sa.Column('frozen_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('petitions', sa.Column('freeze_after', sa.SmallInteger(), nullable=True))
    op.add_column('accounts', sa.Column('seen_on', sa.Date(), nullable=True))


def downgrade():
    op.drop_column('accounts', 'seen_on')
    op.drop_column('petitions', 'freeze_after')
    op.drop_column('petitions', 'frozen_at')
    op.drop_table('signing_keys')
    op.drop_table('freezes')
