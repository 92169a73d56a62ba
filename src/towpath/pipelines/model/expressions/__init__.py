"""GitHub's expression language, from text to value, in pure Python.

values      what an expression can be, and how one kind becomes another
lexer       characters to tokens, with positions
syntax      tokens to a tree; precedence, depth, known names and functions
functions   contains, format, join, toJSON, fromJSON, startsWith, endsWith, case
evaluation  a tree and contexts to a value
templates   text with ${{ }} in it

Measured against the official vectors of actions/languageservices (expressions/testdata).
"""
