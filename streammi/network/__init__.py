"""Who may connect, what is bound, and who takes more than is good for us."""
