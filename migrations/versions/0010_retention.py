"""retention

Revision ID: 0010
Revises: 0009
Create Date: 2026-11-22 18:20:11.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('held_reports',
    sa.Column('petition_id', sa.Uuid(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('numbers', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['petition_id'], ['petitions.id'], name=op.f('fk_held_reports_petition_id')),
    sa.PrimaryKeyConstraint('petition_id', name=op.f('pk_held_reports'))
    )


def downgrade():
    op.drop_table('held_reports')
