"""two organizers

Revision ID: 0023
Revises: 0022
Create Date: 2026-11-29 05:20:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None

KINDS = ('policy', 'export_names', 'desk_names', 'take_keys', 'remove_member', 'unfreeze')
STATES = ('open', 'confirmed', 'used', 'refused', 'taken_back')


def upgrade():
    op.create_table('approval_requests',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('petition_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('payload', sa.JSON(), nullable=False),
    sa.Column('digest', sa.LargeBinary(length=32), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('asked_by_id', sa.Uuid(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_by_id', sa.Uuid(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint(f'kind IN {KINDS}', name=op.f('ck_approval_requests_kind_known')),
    sa.CheckConstraint(f'state IN {STATES}', name=op.f('ck_approval_requests_state_known')),
    sa.ForeignKeyConstraint(['asked_by_id'], ['accounts.id'], name=op.f('fk_approval_requests_asked_by_id')),
    sa.ForeignKeyConstraint(['decided_by_id'], ['accounts.id'], name=op.f('fk_approval_requests_decided_by_id')),
    sa.ForeignKeyConstraint(['petition_id'], ['petitions.id'], name=op.f('fk_approval_requests_petition_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_approval_requests'))
    )
    with op.batch_alter_table('approval_requests', schema=None) as batch_op:
        batch_op.create_index('ix_approval_requests_waiting', ['petition_id', 'state'], unique=False)
    # A proposal to end a freeze is a request like any other now; one that was open is made anew.
    with op.batch_alter_table('freezes', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_freezes_proposed_by_id'), type_='foreignkey')
        batch_op.drop_column('proposed_by_id')
        batch_op.drop_column('proposed_at')


def downgrade():
    with op.batch_alter_table('freezes', schema=None) as batch_op:
        batch_op.add_column(sa.Column('proposed_by_id', sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column('proposed_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_freezes_proposed_by_id'), 'accounts', ['proposed_by_id'], ['id'])
    op.drop_table('approval_requests')
