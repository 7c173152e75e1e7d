"""The docks: the only code that imports napari, qtpy, magicgui or superqt."""
