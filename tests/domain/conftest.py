"""Hypothesis without a time limit for one example: a busy machine is no defect."""

from hypothesis import settings

settings.register_profile("chatops", deadline=None)
settings.load_profile("chatops")
