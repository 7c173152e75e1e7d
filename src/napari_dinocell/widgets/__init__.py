"""The docks: the only code that imports napari, qtpy or superqt."""
