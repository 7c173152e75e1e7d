"""What every kind of training does alike: loss, learning rate, steps, resuming."""
