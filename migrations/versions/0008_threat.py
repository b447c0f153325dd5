"""threat

Revision ID: 0008
Revises: 0007
Create Date: 2026-11-22 18:10:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('petitions', sa.Column('threat', sa.JSON(), nullable=True))


def downgrade():
    op.drop_column('petitions', 'threat')
