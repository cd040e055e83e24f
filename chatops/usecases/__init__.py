"""What one can do with chatops: one function, one transaction."""
