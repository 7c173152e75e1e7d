"""Made-up pictures of any cells under any microscope, without end, to train on.

A network that has seen every shape in every light learns what does not change between
them (domain randomisation: SynthSeg, Billot et al. 2023; AnyStar, Dey et al. 2024).
Plausible is enough; pictures that look right are in `scenes.samples`.

Label maps (`labels`), then light (`optics`), then what goes wrong on the way to the
disk (`faults`), chosen by `recipe`. All is drawn from one generator: the same seed
gives the same picture.
"""
