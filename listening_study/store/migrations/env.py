"""How Alembic runs the steps: on the connection `migrate` hands over, each in a transaction of its own."""

from alembic import context

from listening_study.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
