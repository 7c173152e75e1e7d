"""The parts of the objective, each a function of a few tensors."""
