"""The three made-up pictures that users can open as samples."""
