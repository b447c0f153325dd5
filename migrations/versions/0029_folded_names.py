"""folded names

Revision ID: 0029
Revises: 0028
Create Date: 2026-11-29 06:15:00.000000

"""
import re
import unicodedata

from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0029'
down_revision = '0028'
branch_labels = None
depends_on = None


def folded(name):
    plain = unicodedata.normalize('NFKC', name).casefold().replace('ё', 'е')
    return ' '.join(sorted(re.findall(r'[^\W\d_]+', plain)))[:240]


def upgrade():
    with op.batch_alter_table('published_names') as batch_op:
        batch_op.add_column(sa.Column('folded', sa.String(length=240), server_default='', nullable=False))
    names = sa.table('published_names', sa.column('signature_id', sa.Uuid()), sa.column('name', sa.String()),
                     sa.column('folded', sa.String()))
    connection = op.get_bind()
    rows = connection.execute(sa.select(names.c.signature_id, names.c.name)).all()
    made = [{'id': id_, 'made': folded(name)} for id_, name in rows]
    if made:
        change = names.update().where(names.c.signature_id == sa.bindparam('id'))
        connection.execute(change.values(folded=sa.bindparam('made')), made)
    with op.batch_alter_table('published_names') as batch_op:
        batch_op.alter_column('folded', existing_type=sa.String(length=240), server_default=None)
        batch_op.create_index('ix_published_names_folded', ['petition_id', 'folded'], unique=False)


def downgrade():
    with op.batch_alter_table('published_names') as batch_op:
        batch_op.drop_index('ix_published_names_folded')
        batch_op.drop_column('folded')
