"""The same tables by deltalake: one request, one answer. Values travel as text, null as null."""

import json
import os
import struct
from decimal import Decimal

import pyarrow as pa
from deltalake import DeltaTable, Field, QueryBuilder, write_deltalake
from deltalake.schema import PrimitiveType

LAKE = json.loads(os.environ["LAKE"])
OPTIONS = {
    "AWS_ENDPOINT_URL": LAKE["endpoint"],
    "AWS_ACCESS_KEY_ID": LAKE["accessKeyId"],
    "AWS_SECRET_ACCESS_KEY": LAKE["secretAccessKey"],
    "AWS_REGION": LAKE["region"],
    "AWS_ALLOW_HTTP": "true",
    "aws_conditional_put": "etag",
}
ARROW = {
    "long": pa.int64(),
    "integer": pa.int32(),
    "string": pa.string(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "decimal(12,2)": pa.decimal128(12, 2),
}
TEXT_BOUNDS = ("long", "integer", "string")


def handle(request: dict):
    return globals()[request["do"]](request)


def uri(request: dict) -> str:
    return f"s3://{LAKE['bucket']}/{LAKE['prefix']}/{request['root']}"


def table(request: dict) -> DeltaTable:
    return DeltaTable(uri(request), storage_options=OPTIONS)


def arrow(fields: list, rows: list) -> pa.Table:
    columns = [column(kind, [row.get(name) for row in rows]) for name, kind in fields]
    return pa.table(columns, schema=pa.schema([(name, ARROW[kind]) for name, kind in fields]))


def column(kind: str, texts: list) -> pa.Array:
    def values(convert):
        return [None if text is None else convert(text) for text in texts]

    if kind in ("long", "integer"):
        return pa.array(values(int), ARROW[kind])
    if kind == "date":
        return pa.array(values(int), pa.int32()).cast(ARROW[kind])
    if kind == "timestamp":
        return pa.array(values(int), pa.int64()).cast(ARROW[kind])
    if kind == "double":
        return pa.array(values(lambda text: struct.unpack(">d", bytes.fromhex(text))[0]), ARROW[kind])
    if kind == "boolean":
        return pa.array(values(lambda text: text == "true"), ARROW[kind])
    return pa.array(values(Decimal if kind.startswith("decimal") else str), ARROW[kind])


def texts(kind: str, values: pa.ChunkedArray) -> list:
    if kind == "date":
        values = values.cast(pa.date32()).cast(pa.int32())
    if kind == "timestamp":
        values = values.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
    return [None if value is None else text(kind, value) for value in values.to_pylist()]


def text(kind: str, value) -> str:
    if kind == "double":
        return struct.pack(">d", value).hex()
    if kind == "boolean":
        return "true" if value else "false"
    return format(value, "f") if kind.startswith("decimal") else str(value)


def create(request: dict) -> None:
    empty = arrow(request["fields"], [])
    partition_by = request["partitionColumns"]
    DeltaTable.create(uri(request), empty.schema, partition_by=partition_by, configuration=request["configuration"], storage_options=OPTIONS)


def append(request: dict) -> None:
    write_deltalake(table(request), arrow(request["fields"], request["rows"]), mode="append")


def overwrite(request: dict) -> None:
    write_deltalake(table(request), arrow(request["fields"], request["rows"]), mode="overwrite")


def delete(request: dict) -> None:
    table(request).delete(request["predicate"])


def add_column(request: dict) -> None:
    table(request).alter.add_columns([Field(request["name"], PrimitiveType(request["kind"]))])


def widen(request: dict) -> None:
    fields = request["fields"]
    rows = arrow(fields, rows_of(table(request), fields))
    write_deltalake(table(request), rows, mode="overwrite", schema_mode="overwrite")


def compact(request: dict) -> None:
    table(request).optimize.compact()


def checkpoint(request: dict) -> None:
    table(request).create_checkpoint()


def clean_log(request: dict) -> None:
    table(request).cleanup_metadata()


def vacuum(request: dict) -> None:
    table(request).vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False, full=True)


def rows_of(t: DeltaTable, fields: list) -> list:
    names = ", ".join(f'"{name}"' for name, _ in fields)
    found = pa.table(QueryBuilder().register("t", t).execute(f"select {names} from t").read_all())
    columns = [texts(kind, found[name]) for name, kind in fields]
    return [dict(zip((name for name, _ in fields), row)) for row in zip(*columns)]


def look(request: dict) -> dict:
    t = table(request)
    fields = [[field.name, field.type.type] for field in t.schema().fields]
    rows = rows_of(t, fields)
    adds = pa.table(t.get_add_actions(flatten=True)).to_pylist()
    kinds = [[name, kind] for name, kind in fields if kind in TEXT_BOUNDS]
    shown = lambda value: None if value is None else str(value)
    files = {
        add["path"]: {
            "size": add["size_bytes"],
            "rows": add["num_records"],
            "columns": {
                name: [add.get(f"null_count.{name}"), shown(add.get(f"min.{name}")), shown(add.get(f"max.{name}"))] for name, _ in kinds
            },
            "partition": {name: shown(add.get(f"partition.{name}")) for name in t.metadata().partition_columns},
        }
        for add in adds
    }
    return {"version": t.version(), "fields": fields, "rows": rows, "files": files}
