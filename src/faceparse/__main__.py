"""`python -m faceparse`."""

from faceparse.cli.main import main

main()
