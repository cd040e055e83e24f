"""A local stand-in for Slack (and a mailbox) that speaks Slack's public wire protocol."""
