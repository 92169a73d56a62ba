"""The history of forge's tables."""
