"""what the mail server offers; names sorted as languages sort

Revision ID: 0039
Revises: 0038
Create Date: 2026-11-30 20:30:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0039'
down_revision = '0038'
branch_labels = None
depends_on = None


def sorted_text():
    # SQLite sorts by code point anyway.
    return sa.String(length=600, collation='C' if op.get_bind().dialect.name == 'postgresql' else None)


def upgrade():
    op.create_table('mail_server_offers',
    sa.Column('name', sa.String(length=20), nullable=False),
    sa.Column('offered', sa.Boolean(), nullable=False),
    sa.Column('seen_on', sa.Date(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_mail_server_offers')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('published_names', schema=None) as batch_op:
        batch_op.alter_column('name', existing_type=sa.String(length=120), type_=sa.String(length=240))
        # A worker makes the keys, a slice at a time, so that a million names hold up nothing.
        batch_op.add_column(sa.Column('collation_key', sorted_text(), server_default='', nullable=False))
        batch_op.add_column(sa.Column('initial', sa.String(length=4), server_default='', nullable=False))
        batch_op.add_column(sa.Column('sorted_as', sa.String(length=8), server_default='', nullable=False))
        batch_op.drop_index('ix_published_names_order')
        batch_op.create_index('ix_published_names_order', ['petition_id', 'batch_number', 'collation_key'], unique=False)
    with op.batch_alter_table('published_names', schema=None) as batch_op:
        for name, length in (('collation_key', 600), ('initial', 4), ('sorted_as', 8)):
            batch_op.alter_column(name, existing_type=sa.String(length=length), server_default=None)


def downgrade():
    # Names that are longer than the column was are in public no more.
    op.execute('DELETE FROM published_names WHERE length(name) > 120')
    with op.batch_alter_table('published_names', schema=None) as batch_op:
        batch_op.drop_index('ix_published_names_order')
        batch_op.create_index('ix_published_names_order', ['petition_id', 'batch_number', 'sort_key'], unique=False)
        batch_op.drop_column('sorted_as')
        batch_op.drop_column('initial')
        batch_op.drop_column('collation_key')
        batch_op.alter_column('name', existing_type=sa.String(length=240), type_=sa.String(length=120))
    op.drop_table('mail_server_offers')
