"""staff doors

Revision ID: 0025
Revises: 0024
Create Date: 2026-11-29 05:30:00.000000

"""
from alembic import op
import idna
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None


def key_of(email):
    local, _, domain = email.rpartition('@')
    try:
        domain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        pass
    return f'{local.lower()}@{domain.lower()}'


def upgrade():
    # Failures are counted beside the other limits, by account and client.
    with op.batch_alter_table('accounts', schema=None) as batch_op:
        batch_op.drop_column('delayed_until')
        batch_op.drop_column('failed_count')
    # Addresses are compared by a key. Those that were case-folded as a whole stay as they are.
    with op.batch_alter_table('accounts', schema=None) as batch_op:
        batch_op.add_column(sa.Column('email_key', sa.String(length=254), nullable=True))
    connection = op.get_bind()
    for account_id, email in connection.execute(sa.text('SELECT id, email FROM accounts')).all():
        connection.execute(sa.text('UPDATE accounts SET email_key = :key WHERE id = :id'),
                           {'key': key_of(email), 'id': account_id})
    with op.batch_alter_table('accounts', schema=None) as batch_op:
        batch_op.alter_column('email_key', existing_type=sa.String(length=254), nullable=False)
        batch_op.drop_constraint(batch_op.f('uq_accounts_email'), type_='unique')
        batch_op.create_unique_constraint(batch_op.f('uq_accounts_email_key'), ['email_key'])
    # What is open is locked: nobody knows when it was used last.
    op.execute('DELETE FROM unlocks')
    with op.batch_alter_table('unlocks', schema=None) as batch_op:
        batch_op.add_column(sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False))
        batch_op.create_index(batch_op.f('ix_unlocks_seen_at'), ['seen_at'], unique=False)


def downgrade():
    with op.batch_alter_table('unlocks', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_unlocks_seen_at'))
        batch_op.drop_column('seen_at')
    with op.batch_alter_table('accounts', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('uq_accounts_email_key'), type_='unique')
        batch_op.create_unique_constraint(batch_op.f('uq_accounts_email'), ['email'])
        batch_op.drop_column('email_key')
    with op.batch_alter_table('accounts', schema=None) as batch_op:
        batch_op.add_column(sa.Column('failed_count', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('delayed_until', sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table('accounts', schema=None) as batch_op:
        batch_op.alter_column('failed_count', server_default=None)
