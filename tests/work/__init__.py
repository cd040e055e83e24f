"""Laws of durable work."""
