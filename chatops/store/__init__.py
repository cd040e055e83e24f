"""The database: the log, the ledgers and the read tables, on SQLite with SQLAlchemy Core."""
