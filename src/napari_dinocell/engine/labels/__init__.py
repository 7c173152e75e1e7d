"""Labels that others or we have written, in whatever form, as planes of ids."""
