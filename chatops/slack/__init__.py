"""Slack, as an edge: what people do there comes in, what we have to say goes out."""
