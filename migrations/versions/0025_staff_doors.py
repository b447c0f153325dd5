"""staff doors

Revision ID: 0025
Revises: 0024
Create Date: 2026-11-29 05:30:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None


def upgrade():
    # Failures are counted beside the other limits, by account and client.
    with op.batch_alter_table('accounts', schema=None) as batch_op:
        batch_op.drop_column('delayed_until')
        batch_op.drop_column('failed_count')


def downgrade():
    with op.batch_alter_table('accounts', schema=None) as batch_op:
        batch_op.add_column(sa.Column('failed_count', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('delayed_until', sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table('accounts', schema=None) as batch_op:
        batch_op.alter_column('failed_count', server_default=None)
