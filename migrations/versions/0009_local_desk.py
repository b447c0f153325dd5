"""local desk

Revision ID: 0009
Revises: 0008
Create Date: 2026-11-22 18:20:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('desk_tokens',
    sa.Column('token_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('petition_id', sa.Uuid(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_desk_tokens_account_id')),
    sa.ForeignKeyConstraint(['petition_id'], ['petitions.id'], name=op.f('fk_desk_tokens_petition_id')),
    sa.PrimaryKeyConstraint('token_hash', name=op.f('pk_desk_tokens'))
    )
    op.create_index(op.f('ix_desk_tokens_account_id'), 'desk_tokens', ['account_id'], unique=False)
    op.create_table('signed_acts',
    sa.Column('nonce', sa.LargeBinary(length=16), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('nonce', name=op.f('pk_signed_acts'))
    )


def downgrade():
    op.drop_table('signed_acts')
    op.drop_index(op.f('ix_desk_tokens_account_id'), table_name='desk_tokens')
    op.drop_table('desk_tokens')
