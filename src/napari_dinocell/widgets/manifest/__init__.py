"""What the manifest names besides the docks: writers, samples, menu commands."""
