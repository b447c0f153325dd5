"""words shown again, and whom to turn to

Revision ID: 0024
Revises: 0023
Create Date: 2026-11-29 05:20:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('confirmations', sa.Column('words_salt', sa.LargeBinary(length=32), nullable=True))
    op.add_column('confirmations', sa.Column('shown_until', sa.DateTime(timezone=True), nullable=True))
    op.create_index('ix_confirmations_shown', 'confirmations', ['shown_until'], unique=False,
        sqlite_where=sa.text('shown_until IS NOT NULL'), postgresql_where=sa.text('shown_until IS NOT NULL'))
    with op.batch_alter_table('petitions') as batch_op:
        batch_op.add_column(sa.Column('organizers', sa.JSON(), server_default='{}', nullable=False))
        batch_op.add_column(sa.Column('contact', sa.String(length=200), server_default='', nullable=False))
    with op.batch_alter_table('petitions') as batch_op:
        batch_op.alter_column('organizers', existing_type=sa.JSON(), server_default=None)
        batch_op.alter_column('contact', existing_type=sa.String(length=200), server_default=None)


def downgrade():
    with op.batch_alter_table('petitions') as batch_op:
        batch_op.drop_column('contact')
        batch_op.drop_column('organizers')
    op.drop_index('ix_confirmations_shown', table_name='confirmations')
    op.drop_column('confirmations', 'shown_until')
    op.drop_column('confirmations', 'words_salt')
