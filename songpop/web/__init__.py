"""The web page: scores, what-ifs, singles and ranked lists from the readers' file, with a JSON API beside each page."""

from songpop.web.app import create_app

__all__ = ["create_app"]
