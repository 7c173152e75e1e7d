"""The section "Examples" of the Correct dock."""
