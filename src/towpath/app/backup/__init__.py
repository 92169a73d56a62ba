"""`towpath backup` and `towpath restore`: all that an installation is, in one sealed file."""
