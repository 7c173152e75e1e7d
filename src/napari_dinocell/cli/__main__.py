"""`python -m napari_dinocell.cli` is the same as `dinocell`."""

from napari_dinocell.cli import main

main()
