"""match leases

Revision ID: 0032
Revises: 0031
Create Date: 2026-11-29 12:40:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0032'
down_revision = '0031'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('match_leases',
    sa.Column('petition_id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_match_leases_account_id')),
    sa.ForeignKeyConstraint(['petition_id'], ['petitions.id'], name=op.f('fk_match_leases_petition_id')),
    sa.PrimaryKeyConstraint('petition_id', name=op.f('pk_match_leases'))
    )


def downgrade():
    op.drop_table('match_leases')
