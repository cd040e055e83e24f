"""Hearing customers and answering them: one file for each outlet that can, named like the outlet's."""
