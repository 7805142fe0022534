"""Label maps in other orders, palettes and forms."""
