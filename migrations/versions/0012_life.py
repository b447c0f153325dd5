"""life of a petition, invitations of staff

Revision ID: 0012
Revises: 0011
Create Date: 2026-11-23 00:40:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

BEFORE = "kind IN ('opened', 'initial', 'batch', 'report', 'amended', 'correction', 'closed')"
AFTER = (
    "kind IN ('opened', 'initial', 'batch', 'report', 'amended', 'correction', 'closed', 'final', "
    "'paused', 'resumed', 'extended', 'handed_over', 'answered')"
)


def upgrade():
    op.create_table('staff_invitations',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('petition_id', sa.Uuid(), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('invited_by_id', sa.Uuid(), nullable=False),
    sa.Column('code_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('mails', sa.Integer(), nullable=False),
    sa.CheckConstraint("role IN ('organizer', 'reviewer', 'auditor')", name=op.f('ck_staff_invitations_role_known')),
    sa.ForeignKeyConstraint(['invited_by_id'], ['accounts.id'], name=op.f('fk_staff_invitations_invited_by_id')),
    sa.ForeignKeyConstraint(['petition_id'], ['petitions.id'], name=op.f('fk_staff_invitations_petition_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_staff_invitations')),
    sa.UniqueConstraint('code_hash', name=op.f('uq_staff_invitations_code_hash')),
    sa.UniqueConstraint('petition_id', 'email', name=op.f('uq_staff_invitations_petition_id_email'))
    )
    op.create_index(op.f('ix_staff_invitations_invited_by_id'), 'staff_invitations', ['invited_by_id'], unique=False)
    op.create_table('milestones',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('petition_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('day', sa.Date(), nullable=True),
    sa.Column('recipient', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('words', sa.JSON(none_as_null=True), nullable=True),
    sa.CheckConstraint("kind IN ('paused', 'resumed', 'extended', 'handed_over', 'answered')", name=op.f('ck_milestones_kind_known')),
    sa.ForeignKeyConstraint(['petition_id'], ['petitions.id'], name=op.f('fk_milestones_petition_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_milestones'))
    )
    op.create_index(op.f('ix_milestones_petition_id'), 'milestones', ['petition_id'], unique=False)
    op.create_table('drafts',
    sa.Column('petition_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('fields', sa.JSON(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind IN ('announcement', 'pause', 'handed_over', 'answered', 'notice')", name=op.f('ck_drafts_kind_known')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_drafts_account_id')),
    sa.ForeignKeyConstraint(['petition_id'], ['petitions.id'], name=op.f('fk_drafts_petition_id')),
    sa.PrimaryKeyConstraint('petition_id', 'kind', name=op.f('pk_drafts'))
    )
    _allow(AFTER)


def downgrade():
    known = "'opened', 'initial', 'batch', 'report', 'amended', 'correction', 'closed'"
    op.execute(f"DELETE FROM updates WHERE kind NOT IN ({known})")
    _allow(BEFORE)
    op.drop_table('drafts')
    op.drop_index(op.f('ix_milestones_petition_id'), table_name='milestones')
    op.drop_table('milestones')
    op.drop_index(op.f('ix_staff_invitations_invited_by_id'), table_name='staff_invitations')
    op.drop_table('staff_invitations')


def _allow(condition):
    with op.batch_alter_table('updates', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_updates_kind_known'), type_='check')
        batch_op.create_check_constraint(op.f('ck_updates_kind_known'), condition)
