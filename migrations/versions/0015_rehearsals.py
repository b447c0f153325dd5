"""rehearsals

Revision ID: 0015
Revises: 0014
Create Date: 2026-11-23 01:30:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table('petitions') as batch_op:
        batch_op.add_column(sa.Column('rehearsal', sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table('petitions') as batch_op:
        batch_op.alter_column('rehearsal', existing_type=sa.Boolean(), server_default=None)


def downgrade():
    with op.batch_alter_table('petitions') as batch_op:
        batch_op.drop_column('rehearsal')
