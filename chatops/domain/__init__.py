"""The rules of incident communication: values in, values out; no clock, no I/O, no randomness."""
