"""second codes

Revision ID: 0006
Revises: 0005
Create Date: 2026-11-22 17:50:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('knocks',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('key_id', sa.String(length=40), nullable=False),
    sa.Column('box', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_knocks'))
    )
    op.create_table('second_codes',
    sa.Column('code_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('signature_id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['signature_id'], ['signatures.id'], name=op.f('fk_second_codes_signature_id')),
    sa.PrimaryKeyConstraint('code_hash', name=op.f('pk_second_codes')),
    sa.UniqueConstraint('signature_id', name=op.f('uq_second_codes_signature_id'))
    )
    # The code of a withdrawn signature is one that nobody knows.
    op.execute("UPDATE signatures SET code_hash = NULL, signer_key = NULL WHERE state IN ('withdrawn', 'discarded')")


def downgrade():
    op.drop_table('second_codes')
    op.drop_table('knocks')
