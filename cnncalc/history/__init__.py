"""Files as they were at a commit, read from git's objects."""

from cnncalc.history.repository import Commit, Repository
from cnncalc.history.tree import CommitTree

__all__ = ["Commit", "CommitTree", "Repository"]
