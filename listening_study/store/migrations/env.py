"""How Alembic runs the steps: on the connection `migrate` hands over, inside its transaction."""

from alembic import context

from listening_study.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
