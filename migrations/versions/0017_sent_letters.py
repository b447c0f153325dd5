"""sent letters

Revision ID: 0017
Revises: 0016
Create Date: 2026-11-23 02:05:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('sent_letters',
    sa.Column('message_index', sa.LargeBinary(length=32), nullable=False),
    sa.Column('signature_id', sa.Uuid(), nullable=False),
    sa.Column('sent_on', sa.Date(), nullable=False),
    sa.ForeignKeyConstraint(['signature_id'], ['signatures.id'], name=op.f('fk_sent_letters_signature_id')),
    sa.PrimaryKeyConstraint('message_index', name=op.f('pk_sent_letters'))
    )
    op.create_index(op.f('ix_sent_letters_signature_id'), 'sent_letters', ['signature_id'], unique=False)


def downgrade():
    op.drop_index(op.f('ix_sent_letters_signature_id'), table_name='sent_letters')
    op.drop_table('sent_letters')
