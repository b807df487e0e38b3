"""From messages or files to pairs: recognised, decoded, freed of copies, joined."""
