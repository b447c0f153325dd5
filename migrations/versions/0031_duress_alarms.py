"""duress alarms

Revision ID: 0031
Revises: 0030
Create Date: 2026-11-29 06:25:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0031'
down_revision = '0030'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('duress_alarms',
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('raised_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_duress_alarms_account_id')),
    sa.PrimaryKeyConstraint('account_id', name=op.f('pk_duress_alarms'))
    )
    op.execute('INSERT INTO duress_alarms (account_id, raised_at) '
               'SELECT account_id, alarm_at FROM account_keys WHERE alarm_at IS NOT NULL')
    with op.batch_alter_table('account_keys', schema=None) as batch_op:
        batch_op.drop_column('alarm_at')
    # What is open has another content now; everybody opens it again.
    op.execute('DELETE FROM unlocks')


def downgrade():
    op.execute('DELETE FROM unlocks')
    with op.batch_alter_table('account_keys', schema=None) as batch_op:
        batch_op.add_column(sa.Column('alarm_at', sa.DateTime(timezone=True), nullable=True))
    op.execute('UPDATE account_keys SET alarm_at = (SELECT raised_at FROM duress_alarms '
               'WHERE duress_alarms.account_id = account_keys.account_id)')
    op.drop_table('duress_alarms')
