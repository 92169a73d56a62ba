"""Read one value of a file with one of our readers."""

from towpath.pipelines.formats import tree
from towpath.pipelines.formats.reading import Reader


def read(reading, text, *more):
    """Give what was read, and the reader with what it found wrong."""
    reader = Reader("f.yml")
    return reading(reader, tree.read(text.encode(), "f.yml"), *more), reader


def told(reader):
    return [problem.message for problem in reader.problems]
