"""Alembic: how the schema of older databases is brought up to this version."""
