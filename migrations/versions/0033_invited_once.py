"""invited once

Revision ID: 0033
Revises: 0032
Create Date: 2026-11-29 22:20:00.000000

"""
import unicodedata

from alembic import op
import idna
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0033'
down_revision = '0032'
branch_labels = None
depends_on = None


def key_of(email):
    local, _, domain = unicodedata.normalize('NFC', email.strip()).rpartition('@')
    try:
        domain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        pass
    return f'{local.lower()}@{domain.lower()}'


def upgrade():
    with op.batch_alter_table('staff_invitations', schema=None) as batch_op:
        batch_op.add_column(sa.Column('email_key', sa.String(length=254), nullable=True))
    connection = op.get_bind()
    # Of several invitations of one person the newest stays, as if it had been sent again: the other codes open nothing.
    kept = set()
    found = sa.text('SELECT id, petition_id, email FROM staff_invitations ORDER BY sent_at DESC, id')
    for invitation_id, petition_id, email in connection.execute(found).all():
        key = key_of(email)
        if (petition_id, key) in kept:
            connection.execute(sa.text('DELETE FROM staff_invitations WHERE id = :id'), {'id': invitation_id})
            continue
        kept.add((petition_id, key))
        connection.execute(sa.text('UPDATE staff_invitations SET email_key = :key WHERE id = :id'),
                           {'key': key, 'id': invitation_id})
    with op.batch_alter_table('staff_invitations', schema=None) as batch_op:
        batch_op.alter_column('email_key', existing_type=sa.String(length=254), nullable=False)
        batch_op.drop_constraint(batch_op.f('uq_staff_invitations_petition_id_email'), type_='unique')
        batch_op.create_unique_constraint(batch_op.f('uq_staff_invitations_petition_id_email_key'),
                                          ['petition_id', 'email_key'])


def downgrade():
    with op.batch_alter_table('staff_invitations', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('uq_staff_invitations_petition_id_email_key'), type_='unique')
        batch_op.create_unique_constraint(batch_op.f('uq_staff_invitations_petition_id_email'),
                                          ['petition_id', 'email'])
        batch_op.drop_column('email_key')
