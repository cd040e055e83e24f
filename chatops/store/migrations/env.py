"""Run Alembic's migrations on the connection that `schema.py` hands in; there is no alembic.ini."""

from alembic import context

from chatops.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite can alter little: Alembic copies the table instead.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
