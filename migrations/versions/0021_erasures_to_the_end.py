"""erasures to the end

Revision ID: 0021
Revises: 0020
Create Date: 2026-11-29 05:20:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('pending_checkpoints',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pending_checkpoints'))
    )
    op.create_table('completions',
    sa.Column('name', sa.String(length=20), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_completions'))
    )


def downgrade():
    op.drop_table('completions')
    op.drop_table('pending_checkpoints')
