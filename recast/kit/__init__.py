"""The kit for files and plug-ins of one's own: skeletons, checks and schemas for editors.

`new` writes working, tested skeletons, `check_file` says what is wrong with a file and what it means for physics, and
`json_schema` describes files to editors.
"""

from recast.kit.check import Report, check_file
from recast.kit.new import new
from recast.kit.schema import json_schema

__all__ = ["Report", "check_file", "json_schema", "new"]
