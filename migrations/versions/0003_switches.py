"""switches

Revision ID: 0003
Revises: 0002
Create Date: 2026-11-22 17:20:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('switches',
    sa.Column('name', sa.String(length=20), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("name IN ('mail', 'read_only')", name=op.f('ck_switches_name_known')),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_switches'))
    )
    op.add_column('petitions', sa.Column('banner', sa.JSON(), nullable=True))


def downgrade():
    op.drop_column('petitions', 'banner')
    op.drop_table('switches')
