"""policies kept

Revision ID: 0028
Revises: 0027
Create Date: 2026-11-29 05:50:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0028'
down_revision = '0027'
branch_labels = None
depends_on = None

MILESTONES = ('paused', 'resumed', 'extended', 'handed_over', 'answered')
UPDATES = (
    'opened', 'initial', 'batch', 'report', 'amended', 'correction', 'closed', 'final',
    'paused', 'resumed', 'extended', 'handed_over', 'answered', 'taken_back',
)
RULES = ('rules_raised', 'rules_lowered')
FIELDS = ('reviewers', 'roster', 'match_rule', 'evidence_rule', 'evidence_kinds')


def upgrade():
    for table, column in (('batches', 'policies'), ('petitions', 'former_policies')):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column(column, sa.JSON(), server_default='[]', nullable=False))
    # Each batch that is there keeps what its petition asks for now: nobody knows what was asked for before.
    petitions = sa.table('petitions', sa.column('id', sa.Uuid()), *(
        sa.column(name, kind) for name, kind in zip(
            FIELDS, (sa.Integer(), sa.Boolean(), sa.String(), sa.SmallInteger(), sa.JSON())
        )
    ))
    batches = sa.table('batches', sa.column('petition_id', sa.Uuid()), sa.column('policies', sa.JSON()))
    connection = op.get_bind()
    for row in connection.execute(sa.select(petitions)).mappings().all():
        policy = {name: row[name] for name in FIELDS} | {'evidence_kinds': sorted(row['evidence_kinds'])}
        connection.execute(
            batches.update().where(batches.c.petition_id == row['id']).values(policies=[policy])
        )
    for table, column in (('batches', 'policies'), ('petitions', 'former_policies')):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column(column, existing_type=sa.JSON(), server_default=None)
    with op.batch_alter_table('milestones', schema=None) as batch_op:
        batch_op.add_column(sa.Column('changes', sa.JSON(), nullable=True))
    _known(MILESTONES + RULES, UPDATES + RULES)


def downgrade():
    for table in ('milestones', 'updates'):
        op.execute(f"DELETE FROM {table} WHERE kind IN {RULES}")
    _known(MILESTONES, UPDATES)
    with op.batch_alter_table('milestones', schema=None) as batch_op:
        batch_op.drop_column('changes')
    for table, column in (('petitions', 'former_policies'), ('batches', 'policies')):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column(column)


def _known(milestones, updates):
    for table, kinds in (('milestones', milestones), ('updates', updates)):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_constraint(batch_op.f(f'ck_{table}_kind_known'), type_='check')
            batch_op.create_check_constraint(batch_op.f(f'ck_{table}_kind_known'), f'kind IN {kinds}')
