"""Formats: one file per format or concern; see `decoder`, `encoder`, `schema_from_aws` and `discover`."""

from __future__ import annotations

from streamsql.io.formats.decode import MAX_RECORD, RecordDecoder, decoder
from streamsql.io.formats.schema import schema_from_aws, schema_from_ddl, schema_to_aws, schema_to_ddl

__all__ = [
    "MAX_RECORD",
    "RecordDecoder",
    "decoder",
    "schema_from_aws",
    "schema_from_ddl",
    "schema_to_aws",
    "schema_to_ddl",
]
