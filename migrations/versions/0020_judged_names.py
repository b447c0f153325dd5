"""judged names

Revision ID: 0020
Revises: 0019
Create Date: 2026-11-29 05:20:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None


def upgrade():
    # Which name a verdict is about is proved from now on; of the verdicts before, only the server's own keys can tell.
    with op.batch_alter_table('decisions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('judged', sa.LargeBinary(length=32), nullable=True))
    # Where the signer's proof of a later agreement comes from: sealed under the page's token, then under the code.
    for table in ('confirmations', 'signatures', 'staged_rows'):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column('agreement_box', sa.LargeBinary(), nullable=True))


def downgrade():
    for table in ('staged_rows', 'signatures', 'confirmations'):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column('agreement_box')
    with op.batch_alter_table('decisions', schema=None) as batch_op:
        batch_op.drop_column('judged')
