"""the desk

Revision ID: 0002
Revises: 0001
Create Date: 2026-11-22 15:00:03.739024

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('bulks',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('petition_id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('chosen', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("state IN ('waiting', 'running', 'cancelled', 'done', 'undoing', 'undone')", name=op.f('ck_bulks_state_known')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_bulks_account_id')),
    sa.ForeignKeyConstraint(['petition_id'], ['petitions.id'], name=op.f('fk_bulks_petition_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bulks'))
    )
    with op.batch_alter_table('bulks', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_bulks_petition_id'), ['petition_id'], unique=False)

    op.create_table('group_entries',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('petition_id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=True),
    sa.Column('title', sa.String(length=60), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('confirmed', sa.Integer(), nullable=False),
    sa.Column('sheets', sa.SmallInteger(), nullable=False),
    sa.Column('form_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('created_on', sa.Date(), nullable=False),
    sa.CheckConstraint('confirmed BETWEEN 0 AND size', name=op.f('ck_group_entries_confirmed_few')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_group_entries_account_id')),
    sa.ForeignKeyConstraint(['petition_id'], ['petitions.id'], name=op.f('fk_group_entries_petition_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_group_entries')),
    sa.UniqueConstraint('form_hash', name=op.f('uq_group_entries_form_hash'))
    )
    with op.batch_alter_table('group_entries', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_group_entries_petition_id'), ['petition_id'], unique=False)

    op.create_table('roster_versions',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('petition_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('as_of', sa.Date(), nullable=False),
    sa.Column('sha256', sa.LargeBinary(length=32), nullable=False),
    sa.Column('columns', sa.JSON(), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('added', sa.Integer(), nullable=False),
    sa.Column('gone', sa.Integer(), nullable=False),
    sa.Column('changed', sa.Integer(), nullable=False),
    sa.Column('reading', sa.JSON(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("state IN ('staging', 'current', 'past')", name=op.f('ck_roster_versions_state_known')),
    sa.ForeignKeyConstraint(['petition_id'], ['petitions.id'], name=op.f('fk_roster_versions_petition_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_roster_versions')),
    sa.UniqueConstraint('petition_id', 'number', name=op.f('uq_roster_versions_petition_id_number'))
    )
    op.create_table('roster_entries',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('version_id', sa.Uuid(), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('surname', sa.String(length=120), nullable=False),
    sa.Column('given', sa.String(length=120), nullable=False),
    sa.Column('patronymic', sa.String(length=120), nullable=False),
    sa.Column('body', sa.String(length=200), nullable=False),
    sa.Column('place', sa.String(length=200), nullable=False),
    sa.Column('role', sa.String(length=200), nullable=False),
    sa.Column('term_from', sa.Date(), nullable=True),
    sa.Column('term_to', sa.Date(), nullable=True),
    sa.Column('contact', sa.String(length=254), nullable=False),
    sa.Column('contact_safe', sa.Boolean(), nullable=True),
    sa.ForeignKeyConstraint(['version_id'], ['roster_versions.id'], name=op.f('fk_roster_entries_version_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_roster_entries')),
    sa.UniqueConstraint('version_id', 'key', name=op.f('uq_roster_entries_version_id_key'))
    )
    op.create_table('samples',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('petition_id', sa.Uuid(), nullable=False),
    sa.Column('batch_id', sa.Uuid(), nullable=False),
    sa.Column('population', sa.String(length=20), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('key_id', sa.String(length=40), nullable=False),
    sa.Column('seed_box', sa.LargeBinary(), nullable=False),
    sa.Column('seed_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('seed', sa.LargeBinary(length=32), nullable=True),
    sa.Column('members', sa.Integer(), nullable=True),
    sa.Column('committed_by_id', sa.Uuid(), nullable=False),
    sa.Column('committed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('drawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("population IN ('verified', 'not_counted')", name=op.f('ck_samples_population_known')),
    sa.CheckConstraint('(drawn_at IS NULL) = (seed IS NULL)', name=op.f('ck_samples_seed_told_when_drawn')),
    sa.CheckConstraint('size > 0', name=op.f('ck_samples_size_positive')),
    sa.ForeignKeyConstraint(['batch_id'], ['batches.id'], name=op.f('fk_samples_batch_id')),
    sa.ForeignKeyConstraint(['committed_by_id'], ['accounts.id'], name=op.f('fk_samples_committed_by_id')),
    sa.ForeignKeyConstraint(['petition_id'], ['petitions.id'], name=op.f('fk_samples_petition_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_samples')),
    sa.UniqueConstraint('batch_id', name=op.f('uq_samples_batch_id'))
    )
    with op.batch_alter_table('samples', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_samples_petition_id'), ['petition_id'], unique=False)

    op.create_table('bulk_cases',
    sa.Column('bulk_id', sa.Uuid(), nullable=False),
    sa.Column('signature_id', sa.Uuid(), nullable=False),
    sa.Column('result', sa.String(length=10), nullable=True),
    sa.CheckConstraint("result IS NULL OR result IN ('done', 'held', 'moved', 'changed', 'alike', 'policy', 'own', 'undone', 'kept')", name=op.f('ck_bulk_cases_result_known')),
    sa.ForeignKeyConstraint(['bulk_id'], ['bulks.id'], name=op.f('fk_bulk_cases_bulk_id')),
    sa.ForeignKeyConstraint(['signature_id'], ['signatures.id'], name=op.f('fk_bulk_cases_signature_id')),
    sa.PrimaryKeyConstraint('bulk_id', 'signature_id', name=op.f('pk_bulk_cases'))
    )
    with op.batch_alter_table('bulk_cases', schema=None) as batch_op:
        batch_op.create_index('ix_bulk_cases_result', ['bulk_id', 'result'], unique=False)

    op.create_table('contact_requests',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('signature_id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('code_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('asked_on', sa.Date(), nullable=False),
    sa.Column('answered_on', sa.Date(), nullable=True),
    sa.Column('tries_left', sa.SmallInteger(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_contact_requests_account_id')),
    sa.ForeignKeyConstraint(['signature_id'], ['signatures.id'], name=op.f('fk_contact_requests_signature_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contact_requests'))
    )
    with op.batch_alter_table('contact_requests', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_contact_requests_signature_id'), ['signature_id'], unique=False)

    op.create_table('evidence',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('signature_id', sa.Uuid(), nullable=False),
    sa.Column('petition_id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=True),
    sa.Column('kind', sa.String(length=30), nullable=False),
    sa.Column('strength', sa.SmallInteger(), nullable=False),
    sa.Column('danger', sa.Boolean(), nullable=False),
    sa.Column('own_word', sa.Boolean(), nullable=False),
    sa.Column('on', sa.Date(), nullable=False),
    sa.Column('removed_on', sa.Date(), nullable=True),
    sa.CheckConstraint("kind IN ('official_contact', 'public_profile', 'known_account', 'live_call', 'in_person', 'vouched', 'document')", name=op.f('ck_evidence_kind_known')),
    sa.CheckConstraint('strength BETWEEN 1 AND 3', name=op.f('ck_evidence_strength_known')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_evidence_account_id')),
    sa.ForeignKeyConstraint(['petition_id'], ['petitions.id'], name=op.f('fk_evidence_petition_id')),
    sa.ForeignKeyConstraint(['signature_id'], ['signatures.id'], name=op.f('fk_evidence_signature_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_evidence'))
    )
    with op.batch_alter_table('evidence', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_evidence_signature_id'), ['signature_id'], unique=False)

    op.create_table('near_keys',
    sa.Column('signature_id', sa.Uuid(), nullable=False),
    sa.Column('petition_id', sa.Uuid(), nullable=False),
    sa.Column('key', sa.LargeBinary(length=32), nullable=False),
    sa.ForeignKeyConstraint(['petition_id'], ['petitions.id'], name=op.f('fk_near_keys_petition_id')),
    sa.ForeignKeyConstraint(['signature_id'], ['signatures.id'], name=op.f('fk_near_keys_signature_id')),
    sa.PrimaryKeyConstraint('signature_id', 'key', name=op.f('pk_near_keys'))
    )
    with op.batch_alter_table('near_keys', schema=None) as batch_op:
        batch_op.create_index('ix_near_keys_key', ['petition_id', 'key'], unique=False)

    op.create_table('rechecks',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('sample_id', sa.Uuid(), nullable=False),
    sa.Column('signature_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=True),
    sa.Column('taken_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finding', sa.String(length=10), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("finding IS NULL OR finding IN ('right', 'wrong')", name=op.f('ck_rechecks_finding_known')),
    sa.CheckConstraint('finding IS NULL OR (account_id IS NOT NULL AND at IS NOT NULL)', name=op.f('ck_rechecks_finding_has_finder')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_rechecks_account_id')),
    sa.ForeignKeyConstraint(['sample_id'], ['samples.id'], name=op.f('fk_rechecks_sample_id')),
    sa.ForeignKeyConstraint(['signature_id'], ['signatures.id'], name=op.f('fk_rechecks_signature_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rechecks')),
    sa.UniqueConstraint('sample_id', 'position', name=op.f('uq_rechecks_sample_id_position')),
    sa.UniqueConstraint('sample_id', 'signature_id', name=op.f('uq_rechecks_sample_id_signature_id'))
    )
    with op.batch_alter_table('rechecks', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_rechecks_account_id'), ['account_id'], unique=False)

    op.create_table('second_looks',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('signature_id', sa.Uuid(), nullable=False),
    sa.Column('petition_id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=True),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('asked_on', sa.Date(), nullable=False),
    sa.Column('closed_on', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_second_looks_account_id')),
    sa.ForeignKeyConstraint(['petition_id'], ['petitions.id'], name=op.f('fk_second_looks_petition_id')),
    sa.ForeignKeyConstraint(['signature_id'], ['signatures.id'], name=op.f('fk_second_looks_signature_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_second_looks'))
    )
    with op.batch_alter_table('second_looks', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_second_looks_signature_id'), ['signature_id'], unique=False)
        batch_op.create_index('ix_second_looks_waiting', ['petition_id', 'closed_on'], unique=False)

    with op.batch_alter_table('confirmations', schema=None) as batch_op:
        batch_op.add_column(sa.Column('group_id', sa.Uuid(), nullable=True))
        batch_op.create_index(batch_op.f('ix_confirmations_group_id'), ['group_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_confirmations_group_id'), 'group_entries', ['group_id'], ['id'])

    with op.batch_alter_table('decisions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('eligible', sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column('entry_mark', sa.LargeBinary(length=32), nullable=True))
        batch_op.add_column(sa.Column('roster_number', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('carried', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('bulk_id', sa.Uuid(), nullable=True))
        batch_op.alter_column('account_id',
               existing_type=sa.CHAR(length=32),
               nullable=True)
        batch_op.create_index(batch_op.f('ix_decisions_bulk_id'), ['bulk_id'], unique=False)
        # A changed list of reasons is not found by comparing models with tables.
        batch_op.drop_constraint(batch_op.f('ck_decisions_reason_known'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_decisions_reason_known'), "reason IS NULL OR reason IN ('not_found', 'not_eligible', 'not_reached', 'denies_signing', 'not_that_person', 'incomplete', 'entered_in_error', 'not_verified_after_all', 'no_longer_eligible', 'checked_again')")
        batch_op.create_index('ix_decisions_carried', ['petition_id', 'carried', 'at'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_decisions_bulk_id'), 'bulks', ['bulk_id'], ['id'])

    with op.batch_alter_table('petitions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('match_rule', sa.String(length=10), nullable=False, server_default='possible'))
        batch_op.add_column(sa.Column('evidence_rule', sa.SmallInteger(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('evidence_kinds', sa.JSON(), nullable=False, server_default='[]'))

    with op.batch_alter_table('publications', schema=None) as batch_op:
        batch_op.add_column(sa.Column('speed', sa.JSON(), nullable=True))

    with op.batch_alter_table('questions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('account_id', sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column('reminders', sa.SmallInteger(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('reminded_on', sa.Date(), nullable=True))
        batch_op.create_index(batch_op.f('ix_questions_account_id'), ['account_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_questions_account_id'), 'accounts', ['account_id'], ['id'])

    with op.batch_alter_table('signatures', schema=None) as batch_op:
        batch_op.add_column(sa.Column('match_class', sa.String(length=10), nullable=True))
        batch_op.add_column(sa.Column('matched_number', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('match_index', sa.LargeBinary(length=32), nullable=True))
        batch_op.add_column(sa.Column('entry_index', sa.LargeBinary(length=32), nullable=True))
        batch_op.create_index('ix_signatures_match_index', ['petition_id', 'match_index'], unique=False)
        batch_op.create_index('ix_signatures_matched', ['petition_id', 'state', 'matched_number'], unique=False)
        batch_op.create_unique_constraint(batch_op.f('uq_signatures_entry_index'), ['entry_index'])

    # The defaults were for the rows that are there; new rows get theirs from the models.
    with op.batch_alter_table('decisions', schema=None) as batch_op:
        batch_op.alter_column('carried', existing_type=sa.Boolean(), existing_nullable=False, server_default=None)
        batch_op.create_check_constraint(batch_op.f('ck_decisions_eligible_known'), "eligible IS NULL OR eligible IN ('on_roster', 'other_grounds')")
    with op.batch_alter_table('petitions', schema=None) as batch_op:
        batch_op.alter_column('match_rule', existing_type=sa.String(length=10), existing_nullable=False, server_default=None)
        batch_op.alter_column('evidence_rule', existing_type=sa.SmallInteger(), existing_nullable=False, server_default=None)
        batch_op.alter_column('evidence_kinds', existing_type=sa.JSON(), existing_nullable=False, server_default=None)
        batch_op.create_check_constraint(batch_op.f('ck_petitions_match_rule_known'), "match_rule IN ('strong', 'possible', 'any')")
        batch_op.create_check_constraint(batch_op.f('ck_petitions_evidence_rule_known'), "evidence_rule BETWEEN 0 AND 3")
    with op.batch_alter_table('questions', schema=None) as batch_op:
        batch_op.alter_column('reminders', existing_type=sa.SmallInteger(), existing_nullable=False, server_default=None)

    # What changed the state before: the last verdict of a signature that stands where the verdict says.
    op.execute("""
        UPDATE decisions SET carried = (1 = 1)
        WHERE outcome IN ('verified', 'rejected', 'duplicate')
          AND position = (SELECT MAX(later.position) FROM decisions AS later WHERE later.signature_id = decisions.signature_id)
          AND outcome = (SELECT state FROM signatures WHERE signatures.id = decisions.signature_id)
    """)


def downgrade():
    with op.batch_alter_table('petitions', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_petitions_match_rule_known'), type_='check')
        batch_op.drop_constraint(batch_op.f('ck_petitions_evidence_rule_known'), type_='check')
    with op.batch_alter_table('decisions', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_decisions_eligible_known'), type_='check')
    # Decisions of nobody (a second look, the time to answer) are unknown to the older shape.
    op.execute("DELETE FROM decisions WHERE account_id IS NULL")
    with op.batch_alter_table('signatures', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('uq_signatures_entry_index'), type_='unique')
        batch_op.drop_index('ix_signatures_matched')
        batch_op.drop_index('ix_signatures_match_index')
        batch_op.drop_column('entry_index')
        batch_op.drop_column('match_index')
        batch_op.drop_column('matched_number')
        batch_op.drop_column('match_class')

    with op.batch_alter_table('questions', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_questions_account_id'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_questions_account_id'))
        batch_op.drop_column('reminded_on')
        batch_op.drop_column('reminders')
        batch_op.drop_column('account_id')

    with op.batch_alter_table('publications', schema=None) as batch_op:
        batch_op.drop_column('speed')

    with op.batch_alter_table('petitions', schema=None) as batch_op:
        batch_op.drop_column('evidence_kinds')
        batch_op.drop_column('evidence_rule')
        batch_op.drop_column('match_rule')

    with op.batch_alter_table('decisions', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_decisions_bulk_id'), type_='foreignkey')
        batch_op.drop_index('ix_decisions_carried')
        batch_op.drop_index(batch_op.f('ix_decisions_bulk_id'))
        batch_op.drop_constraint(batch_op.f('ck_decisions_reason_known'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_decisions_reason_known'), "reason IS NULL OR reason IN ('not_eligible', 'not_reached', 'denies_signing', 'not_that_person', 'incomplete', 'entered_in_error', 'not_verified_after_all', 'no_longer_eligible', 'checked_again')")
        batch_op.alter_column('account_id',
               existing_type=sa.CHAR(length=32),
               nullable=False)
        batch_op.drop_column('bulk_id')
        batch_op.drop_column('carried')
        batch_op.drop_column('roster_number')
        batch_op.drop_column('entry_mark')
        batch_op.drop_column('eligible')

    with op.batch_alter_table('confirmations', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_confirmations_group_id'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_confirmations_group_id'))
        batch_op.drop_column('group_id')

    with op.batch_alter_table('second_looks', schema=None) as batch_op:
        batch_op.drop_index('ix_second_looks_waiting')
        batch_op.drop_index(batch_op.f('ix_second_looks_signature_id'))

    op.drop_table('second_looks')
    with op.batch_alter_table('rechecks', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_rechecks_account_id'))

    op.drop_table('rechecks')
    with op.batch_alter_table('near_keys', schema=None) as batch_op:
        batch_op.drop_index('ix_near_keys_key')

    op.drop_table('near_keys')
    with op.batch_alter_table('evidence', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_evidence_signature_id'))

    op.drop_table('evidence')
    with op.batch_alter_table('contact_requests', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_contact_requests_signature_id'))

    op.drop_table('contact_requests')
    with op.batch_alter_table('bulk_cases', schema=None) as batch_op:
        batch_op.drop_index('ix_bulk_cases_result')

    op.drop_table('bulk_cases')
    with op.batch_alter_table('samples', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_samples_petition_id'))

    op.drop_table('samples')
    op.drop_table('roster_entries')
    op.drop_table('roster_versions')
    with op.batch_alter_table('group_entries', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_group_entries_petition_id'))

    op.drop_table('group_entries')
    with op.batch_alter_table('bulks', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_bulks_petition_id'))

    op.drop_table('bulks')
