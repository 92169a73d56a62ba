"""`towpath doctor`: looks at machine, data directory and database, and says what to do."""
