"""How the tables of pipelines came to be, one file per step."""
