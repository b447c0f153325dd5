"""trail heads

Revision ID: 0030
Revises: 0029
Create Date: 2026-11-29 06:25:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0030'
down_revision = '0029'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('publications', sa.Column('trail_length', sa.Integer(), nullable=True))
    op.add_column('publications', sa.Column('trail_head', sa.LargeBinary(length=32), nullable=True))


def downgrade():
    op.drop_column('publications', 'trail_head')
    op.drop_column('publications', 'trail_length')
