"""The process and the system that it runs on: signals, the log, the service manager."""
