"""Programs that train, to be read and run: ``python -m agoragym.examples.NAME --help``."""
