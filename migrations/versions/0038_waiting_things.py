"""what a bulk act leaves out, and whom to tell that something waits

Revision ID: 0038
Revises: 0037
Create Date: 2026-11-30 20:30:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0038'
down_revision = '0037'
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table('bulks', schema=None) as batch_op:
        batch_op.add_column(sa.Column('left_out', sa.JSON(), server_default='{}', nullable=False))
    with op.batch_alter_table('bulks', schema=None) as batch_op:
        batch_op.alter_column('left_out', existing_type=sa.JSON(), server_default=None)
    op.create_table(
        'notice_wishes',
        sa.Column('account_id', sa.Uuid(), nullable=False),
        sa.Column('language', sa.String(length=2), nullable=False),
        sa.Column('last_on', sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_notice_wishes_account_id_accounts')),
        sa.PrimaryKeyConstraint('account_id', name=op.f('pk_notice_wishes')),
    )


def downgrade():
    op.drop_table('notice_wishes')
    with op.batch_alter_table('bulks', schema=None) as batch_op:
        batch_op.drop_column('left_out')
