"""a million

Revision ID: 0018
Revises: 0017
Create Date: 2026-11-23 05:20:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def only(condition):
    return {'sqlite_where': sa.text(condition), 'postgresql_where': sa.text(condition)}


def upgrade():
    op.add_column('signatures', sa.Column('agreed', sa.Boolean(), server_default=sa.false(), nullable=False))
    # Looked at once more; of those on which nobody agrees yet the mark is taken away again.
    op.execute(
        "UPDATE signatures SET agreed = true WHERE state = 'checking' AND EXISTS "
        "(SELECT 1 FROM decisions WHERE decisions.signature_id = signatures.id AND decisions.outcome = 'verified')"
    )
    op.drop_index('ix_signatures_batch_id', table_name='signatures')
    op.create_index('ix_signatures_desk', 'signatures', ['batch_id', 'state', 'id'], unique=False)
    op.create_index('ix_signatures_agreed', 'signatures', ['petition_id'], unique=False, **only('agreed'))
    op.create_index(
        'ix_signatures_others', 'signatures', ['petition_id', 'state'], unique=False, **only('others IS NOT NULL')
    )
    op.drop_index('ix_near_keys_key', table_name='near_keys')
    op.create_index('ix_near_keys_key', 'near_keys', ['petition_id', 'key', 'signature_id'], unique=False)
    op.drop_index('ix_jobs_due_at', table_name='jobs')
    op.create_index('ix_jobs_due', 'jobs', ['due_at', 'id'], unique=False, **only('dead_on IS NULL'))
    op.create_index('ix_jobs_dead', 'jobs', ['petition_id', 'dead_on'], unique=False, **only('dead_on IS NOT NULL'))
    op.drop_index('ix_audit_events_petition_id', table_name='audit_events')
    op.create_index('ix_audit_events_latest', 'audit_events', ['petition_id', 'at'], unique=False)


def downgrade():
    op.drop_index('ix_audit_events_latest', table_name='audit_events')
    op.create_index('ix_audit_events_petition_id', 'audit_events', ['petition_id'], unique=False)
    op.drop_index('ix_jobs_dead', table_name='jobs')
    op.drop_index('ix_jobs_due', table_name='jobs')
    op.create_index('ix_jobs_due_at', 'jobs', ['due_at'], unique=False)
    op.drop_index('ix_near_keys_key', table_name='near_keys')
    op.create_index('ix_near_keys_key', 'near_keys', ['petition_id', 'key'], unique=False)
    op.drop_index('ix_signatures_others', table_name='signatures')
    op.drop_index('ix_signatures_agreed', table_name='signatures')
    op.drop_index('ix_signatures_desk', table_name='signatures')
    op.create_index('ix_signatures_batch_id', 'signatures', ['batch_id'], unique=False)
    op.drop_column('signatures', 'agreed')
