"""Let `python -m songpop` be the `songpop` command."""

from songpop.cli import main

if __name__ == "__main__":
    main()
