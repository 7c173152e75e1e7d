"""Light: what a microscope makes of a label map, by many principles."""
