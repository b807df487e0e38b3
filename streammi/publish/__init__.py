"""From readings to other programs: messages are pure; publisher, outbox, metrics and tables do the output."""
