"""One file per `/incident` subcommand: NAME, USAGE, HELP, ORDER and `run(call, words)`. The folder is the table."""
