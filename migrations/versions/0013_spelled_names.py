"""spelled names

Revision ID: 0013
Revises: 0012
Create Date: 2026-11-23 01:00:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table('published_names') as batch_op:
        batch_op.add_column(sa.Column('spelled', sa.String(length=240), server_default='', nullable=False))
    with op.batch_alter_table('published_names') as batch_op:
        batch_op.alter_column('spelled', existing_type=sa.String(length=240), server_default=None)


def downgrade():
    with op.batch_alter_table('published_names') as batch_op:
        batch_op.drop_column('spelled')
