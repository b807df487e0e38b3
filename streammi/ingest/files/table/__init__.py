"""Text tables: how they are laid out, and their columns, rows and names."""
