"""Foreign text to model.

tree       YAML to nodes that know their line, bounded in size, depth and aliases
reading    one value at a time, collecting every problem
triggers   the `on` key
steps      the `steps` key
workflow   the whole file
called     the files that a workflow calls
exchanged  the files through which steps speak
ansi       terminal colours to classes
"""
