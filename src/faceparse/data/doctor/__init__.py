"""What is wrong with a dataset, and its mending: `faceparse data doctor`."""
