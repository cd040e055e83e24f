"""chatops: incident communications from Slack."""

__version__ = "0.1.0"
