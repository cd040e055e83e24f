"""Measures the bot as a process on one machine, in one run, beside a bare Bolt app: `python -m bench`."""
