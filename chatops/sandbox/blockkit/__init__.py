"""Block Kit as Slack checks it: tables of every limit, written by hand from its documentation."""
