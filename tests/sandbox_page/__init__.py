"""The sandbox's browser page, tried in a real browser against a real sandbox and a small Slack app."""
