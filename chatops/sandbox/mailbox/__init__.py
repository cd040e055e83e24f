"""A mailbox for everything the app sends by SMTP, and pages to read it."""
