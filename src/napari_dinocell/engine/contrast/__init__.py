"""What the network sees of an image: one channel, its limits, local contrast."""
