"""the language in whose order the names of a letter stand

Revision ID: 0043
Revises: 0040
Create Date: 2026-12-01 02:20:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0043'
down_revision = '0040'
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table('petitions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('names_order', sa.String(length=5), server_default='', nullable=False))
    with op.batch_alter_table('petitions', schema=None) as batch_op:
        batch_op.alter_column('names_order', existing_type=sa.String(length=5), server_default=None)


def downgrade():
    with op.batch_alter_table('petitions', schema=None) as batch_op:
        batch_op.drop_column('names_order')
