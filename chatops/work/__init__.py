"""Durable work: runs the jobs that transactions have put."""
