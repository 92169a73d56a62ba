"""The published language: what each part announces, one small file per part.

A fact is a frozen dataclass named in the past tense; it carries plain values only.
"""
