"""Entry point of ``python -m recast``."""

from recast.cli.main import main

main(prog_name="recast")
