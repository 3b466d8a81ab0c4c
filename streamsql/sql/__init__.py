"""SQL text → statements: syntax trees with places. Knows the language, not what a stream contains.

`parse(text)` gives a Script, `span_of(node)` where a node stands; `generator.to_sql(node)` the text of a tree,
`formatter.format_script(script)` the whole script laid out.
"""

from streamsql.sql.parser import MAX_DEPTH, Script, parse
from streamsql.sql.spans import span_of

__all__ = ["MAX_DEPTH", "Script", "parse", "span_of"]
