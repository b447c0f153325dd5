"""what the mail server offers; names sorted as languages sort

Revision ID: 0039
Revises: 0037
Create Date: 2026-11-30 20:30:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0039'
down_revision = '0037'
branch_labels = None
depends_on = None


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


def downgrade():
    # Names that are longer than the column was are in public no more; the publisher is told to look at them again.
    op.execute('DELETE FROM published_names WHERE length(name) > 120')
    with op.batch_alter_table('published_names', schema=None) as batch_op:
        batch_op.alter_column('name', existing_type=sa.String(length=240), type_=sa.String(length=120))
    op.drop_table('mail_server_offers')
