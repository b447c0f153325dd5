"""published samples

Revision ID: 0026
Revises: 0025
Create Date: 2026-11-29 06:10:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None


def upgrade():
    # A publication from before knows nothing of its samples: until the next one they show as not finished.
    with op.batch_alter_table('publications', schema=None) as batch_op:
        batch_op.add_column(sa.Column('samples', sa.JSON(), nullable=True))


def downgrade():
    with op.batch_alter_table('publications', schema=None) as batch_op:
        batch_op.drop_column('samples')
