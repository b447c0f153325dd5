"""breakdown

Revision ID: 0011
Revises: 0010
Create Date: 2026-11-22 22:20:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('breakdowns',
    sa.Column('petition_id', sa.Uuid(), nullable=False),
    sa.Column('as_of', sa.DateTime(timezone=True), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('roles', sa.JSON(), nullable=False),
    sa.Column('places', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['petition_id'], ['petitions.id'], name=op.f('fk_breakdowns_petition_id')),
    sa.PrimaryKeyConstraint('petition_id', name=op.f('pk_breakdowns'))
    )


def downgrade():
    op.drop_table('breakdowns')
