"""task failures

Revision ID: 0022
Revises: 0021
Create Date: 2026-11-29 05:30:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('task_failures',
    sa.Column('task', sa.String(length=60), nullable=False),
    sa.Column('object_id', sa.Uuid(), nullable=False),
    sa.Column('failure', sa.String(length=80), nullable=False),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('task', 'object_id', name=op.f('pk_task_failures'))
    )


def downgrade():
    op.drop_table('task_failures')
