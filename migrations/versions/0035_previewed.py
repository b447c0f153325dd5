"""previewed

Revision ID: 0035
Revises: 0034
Create Date: 2026-11-30 16:50:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0035'
down_revision = '0034'
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table('text_versions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('previewed_at', sa.DateTime(timezone=True), nullable=True))


def downgrade():
    with op.batch_alter_table('text_versions', schema=None) as batch_op:
        batch_op.drop_column('previewed_at')
