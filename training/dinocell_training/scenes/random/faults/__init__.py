"""What goes wrong between the cells and the disk: dirt, lamp, lens, sensor, file."""
