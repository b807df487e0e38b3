"""What pictures are drawn with: cells, pens, glyphs, and numbers in words."""
