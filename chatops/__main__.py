"""`python -m chatops` is `chatops`."""

from chatops.cli import main

main()
