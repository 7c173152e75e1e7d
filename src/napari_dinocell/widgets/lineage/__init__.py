"""The dock "Lineage": who is whose daughter, to look at and to correct."""
