"""dead letters

Revision ID: 0016
Revises: 0015
Create Date: 2026-11-23 01:25:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table('jobs', schema=None) as batch_op:
        batch_op.add_column(sa.Column('petition_id', sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column('handed_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('dead_on', sa.Date(), nullable=True))
        batch_op.create_index(batch_op.f('ix_jobs_petition_id'), ['petition_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_jobs_petition_id'), 'petitions', ['petition_id'], ['id'])
    # What was left after eight tries so far is shown as not delivered.
    op.execute("UPDATE jobs SET dead_on = CURRENT_DATE WHERE tries >= 8")


def downgrade():
    with op.batch_alter_table('jobs', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_jobs_petition_id'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_jobs_petition_id'))
        batch_op.drop_column('dead_on')
        batch_op.drop_column('handed_at')
        batch_op.drop_column('petition_id')
