"""From readings to other programs: messages are pure; publisher, recorder and metrics do the output."""
