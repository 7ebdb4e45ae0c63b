"""How several workers share the browser tests: each takes whole notebooks."""

import re

from xdist.scheduler import LoadScopeScheduling


class WholeNotebooks(LoadScopeScheduling):
    """The tests of one notebook share its page, which takes up to a minute to run: they belong to
    one worker. (xdist's own groups do not work with pytest 9.2, where a test's id is fixed.)"""

    def _split_scope(self, nodeid):
        file, _, case = nodeid.partition("::")
        notebook = re.search(r"\[(.+?\.ipynb)", case)
        return notebook[1] if notebook else file
