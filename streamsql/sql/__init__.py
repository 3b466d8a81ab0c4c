"""SQL text → statements: syntax trees with places. Knows the language, not what a stream contains.

`parse(text)` gives a Script, `to_sql(node)` the text of a tree, `format_script(script)` the whole script laid out,
`span_of(node)` where it stands.
"""

from streamsql.sql.formatter import format_script
from streamsql.sql.generator import to_sql
from streamsql.sql.parser import MAX_DEPTH, Script, parse
from streamsql.sql.spans import span_of

__all__ = ["MAX_DEPTH", "Script", "format_script", "parse", "span_of", "to_sql"]
