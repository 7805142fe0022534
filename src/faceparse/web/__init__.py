"""The web page of `faceparse serve`, and the server behind it; without PyTorch."""
