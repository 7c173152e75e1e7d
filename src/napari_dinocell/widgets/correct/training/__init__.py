"""The section "Train" of the Correct dock."""
