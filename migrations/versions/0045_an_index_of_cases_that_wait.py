"""an index that finds the cases on which those who looked differ

Revision ID: 0045
Revises: 0043
Create Date: 2026-12-01 11:30:00.000000

"""
from alembic import op


# revision identifiers, used by Alembic.
revision = '0045'
down_revision = '0043'
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table('decisions', schema=None) as batch_op:
        batch_op.create_index('ix_decisions_open', ['petition_id', 'enacted', 'position'], unique=False)


def downgrade():
    with op.batch_alter_table('decisions', schema=None) as batch_op:
        batch_op.drop_index('ix_decisions_open')
