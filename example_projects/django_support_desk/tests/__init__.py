"""The tests of the support desk."""
