"""Compares Postgres with a Delta table, both read by foreign clients (psycopg, deltalake). One JSON request on stdin,
one JSON answer on stdout; values never appear in it."""

import io
import json
import sys

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv
from deltalake import DeltaTable, QueryBuilder


def main() -> None:
    request = json.load(sys.stdin)
    table = DeltaTable(request["uri"], storage_options=request["storage"])
    answer = {"silver": silver, "bronze": bronze}[request["mode"]](request, table)
    json.dump(answer, sys.stdout)


def silver(request: dict, table: DeltaTable) -> dict:
    lake = rows_of(table)
    columns = source_columns(request)
    missing = [name for name in columns if name not in lake.column_names]
    if missing:
        return {"equal": False, "reason": f"columns missing in the lake: {missing}"}
    lake = printable(plain(lake.select(columns)))
    source = from_postgres(request, columns, lake.schema)
    order = [(name, "ascending") for name in request["key"]]
    lake, source = lake.sort_by(order), source.sort_by(order)
    answer = {"source_rows": source.num_rows, "lake_rows": lake.num_rows, "version": table.version()}
    if source.num_rows != lake.num_rows:
        return {**answer, "equal": False, "reason": "row counts differ"}
    unlike = {name: rows for name in columns if (rows := different(source[name], lake[name]))}
    return {**answer, "equal": not unlike, "differing_rows_by_column": unlike}


def bronze(request: dict, table: DeltaTable) -> dict:
    lake = rows_of(table, ["_op", "_lsn", "_seq"])
    positions = lake.group_by(["_lsn", "_seq"]).aggregate([([], "count_all")])
    repeated = pc.sum(pc.greater(positions["count_all"], 1)).as_py() or 0
    ops = {row["values"]: row["counts"] for row in pc.value_counts(lake["_op"]).to_pylist()}
    with psycopg.connect(request["postgres"]) as connection:
        rows = connection.execute(f"select count(1) from {request['table']}").fetchone()[0]
    return {"source_rows": rows, "ops": ops, "repeated_positions": repeated, "version": table.version()}


def rows_of(table: DeltaTable, columns: list[str] | None = None) -> pa.Table:
    """deltalake's reader for pyarrow refuses tables with deletion vectors or mapped columns; its own engine does not."""
    if not {"deletionVectors", "columnMapping"} & set(table.protocol().reader_features or []):
        return table.to_pyarrow_table(columns=columns)
    names = ", ".join(f'"{name}"' for name in columns or [field.name for field in table.schema().fields])
    rows = QueryBuilder().register("t", table).execute(f"select {names} from t").read_all()
    return plain(pa.table(rows))


def source_columns(request: dict) -> list[str]:
    with psycopg.connect(request["postgres"]) as connection:
        rows = connection.execute(
            "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped order by attnum",
            [request["table"]],
        ).fetchall()
    return [name for (name,) in rows]


def from_postgres(request: dict, columns: list[str], schema: pa.Schema) -> pa.Table:
    data = io.BytesIO()
    names = ", ".join(printed_by_source(request).get(name, f'"{name}"') for name in columns)
    with psycopg.connect(request["postgres"], options="-c timezone=UTC -c datestyle=ISO") as connection:
        with connection.cursor().copy(f"copy (select {names} from {request['table']}) to stdout (format csv)") as copy:
            for chunk in copy:
                data.write(chunk)
    data.seek(0)
    return csv.read_csv(
        data,
        read_options=csv.ReadOptions(column_names=columns, block_size=64 << 20),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types={field.name: field.type for field in schema},
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        ),
    ) if data.getbuffer().nbytes else schema.empty_table()


def printed_by_source(request: dict) -> dict:
    """CSV has no lists and no bytes: these are compared as JSON and as hex digits."""
    with psycopg.connect(request["postgres"]) as connection:
        rows = connection.execute(
            "select attname, format_type(atttypid, null) from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped",
            [request["table"]],
        ).fetchall()
    ways = {name: "array_to_json({})::text" if kind.endswith("[]") else "encode({}, 'hex')" for name, kind in rows if kind.endswith("[]") or kind == "bytea"}
    return {name: way.format(f'"{name}"') for name, way in ways.items()}


def printable(table: pa.Table) -> pa.Table:
    def text(own: pa.Field) -> pa.ChunkedArray:
        values = table[own.name]
        if pa.types.is_list(own.type):
            shown = lambda v: json.dumps(v, separators=(",", ":"), ensure_ascii=False)
        elif pa.types.is_binary(own.type):
            shown = lambda v: v.hex()
        else:
            return values
        return pa.chunked_array([[None if v is None else shown(v) for v in values.to_pylist()]], pa.string())

    return pa.table({own.name: text(own) for own in table.schema})


def plain(table: pa.Table) -> pa.Table:
    """Large and view strings and bytes as plain ones, so that both sides have the same types."""
    return table.cast(pa.schema([pa.field(field.name, plain_type(field.type)) for field in table.schema]))


def plain_type(own: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(own):
        return plain_type(own.value_type)
    if pa.types.is_list(own) or pa.types.is_large_list(own):
        return pa.list_(plain_type(own.value_type))
    if pa.types.is_large_string(own) or pa.types.is_string_view(own):
        return pa.string()
    return pa.binary() if pa.types.is_binary_view(own) or pa.types.is_large_binary(own) else own


def different(left: pa.ChunkedArray, right: pa.ChunkedArray) -> int:
    same = pc.equal(left, right)
    both_null = pc.and_(pc.is_null(left), pc.is_null(right))
    alike = pc.if_else(pc.is_null(same), both_null, same)
    return len(alike) - (pc.sum(alike).as_py() or 0)


main()
