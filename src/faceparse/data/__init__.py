"""Data: the label store, augmentation, statistics, and faces that are made rather than photographed."""
