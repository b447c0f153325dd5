"""drafting in steps, and a time zone a letter

Revision ID: 0037
Revises: 0036
Create Date: 2026-11-30 16:50:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0037'
down_revision = '0036'
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table('petitions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('unfinished', sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column('time_zone', sa.String(length=60), server_default='UTC', nullable=False))
    with op.batch_alter_table('petitions', schema=None) as batch_op:
        batch_op.alter_column('time_zone', existing_type=sa.String(length=60), server_default=None)


def downgrade():
    # A draft whose organizers have not said whether signers are at risk stays sealed, as it counted until then.
    with op.batch_alter_table('petitions', schema=None) as batch_op:
        batch_op.drop_column('time_zone')
        batch_op.drop_column('unfinished')
