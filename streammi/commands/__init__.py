"""The clock, sockets and files around what is pure: a module a command, and `sinks` and `override`, parts of replay."""
