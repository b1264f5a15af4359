"""`manage.py together`."""
