"""Digest of a Delta table's rows in a canonical text, by one of several readers:
python digest_table.py deltalake|duckdb|spark PATH [JARS [CHANGE]]. One JSON object on stdout: rows, and a digest per column.
CHANGE are statements that Spark runs first, on the table `t`, with semicolons between them.
Of its change data feed instead: python digest_table.py deltalake-changes|spark-changes|json PATH JARS FROM_VERSION, where json reads rows
that another reader has printed from the file PATH."""

import datetime
import decimal
import hashlib
import json
import os
import sys

from spark_session import open_session


def canonical(value) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        if value.tzinfo is not None:
            value = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
        return value.isoformat(timespec="microseconds")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    return str(value)


def deltalake(path: str, *_: str):
    from deltalake import DeltaTable, QueryBuilder
    import pyarrow

    # Its reader for pyarrow refuses tables with deletion vectors; its own engine applies them.
    rows = QueryBuilder().register("t", DeltaTable(path)).execute("select * from t").read_all()
    table = pyarrow.table(rows)
    return {name: table[name].to_pylist() for name in table.column_names}


def duckdb(path: str, *_: str):
    import duckdb as engine
    import duckdb_extension_delta as wheel

    connection = engine.connect()
    binary = f"extensions/v{engine.__version__}/delta.duckdb_extension"
    connection.execute(f"load '{os.path.join(os.path.dirname(wheel.__file__), binary)}'")
    rows = connection.execute("set timezone = 'UTC'").execute("from delta_scan(?)", [path]).fetch_arrow_table()
    return {name: rows[name].to_pylist() for name in rows.column_names}


def deltalake_changes(path: str, _jars: str, first: str):
    from deltalake import DeltaTable
    import pyarrow

    feed = pyarrow.table(DeltaTable(path).load_cdf(starting_version=int(first)))
    return {name: feed[name].to_pylist() for name in feed.column_names}


def spark_changes(path: str, jars: str, first: str):
    reader = open_session(jars).read.format("delta").option("readChangeFeed", "true").option("startingVersion", first)
    return collected(reader.load(path))


def printed(path: str, *_: str):
    with open(path) as file:
        rows = json.load(file)
    for row in rows:
        for name, value in row.items():
            if name.startswith("_commit_timestamp"):
                row[name] = datetime.datetime.fromisoformat(value).astimezone(datetime.timezone.utc)
    return {name: [row[name] for row in rows] for name in rows[0]}


def spark(path: str, jars: str, change: str = ""):
    session = open_session(jars)
    if change:
        for statement in change.split(";"):
            session.sql(statement.replace("`t`", f"delta.`{path}`"))
    return collected(session.read.format("delta").load(path))


def collected(frame):
    rows = frame.collect()
    return {name: [row[i] for row in rows] for i, name in enumerate(frame.columns)}


READERS = {
    "deltalake": deltalake,
    "duckdb": duckdb,
    "spark": spark,
    "deltalake-changes": deltalake_changes,
    "spark-changes": spark_changes,
    "json": printed,
}


def digest_of(engine: str, path: str, *rest: str) -> dict:
    columns = READERS[engine](path, *rest)
    names = sorted(columns)
    texts = [[canonical(value) for value in columns[name]] for name in names]
    rows = sorted(zip(*texts))
    digest = {name: hashlib.sha256("\n".join(row[i] for row in rows).encode()).hexdigest() for i, name in enumerate(names)}
    return {"rows": len(rows), "digest": digest}


def handle(request: dict) -> dict:
    """The same in a session that lives on, so that Spark starts once."""
    return digest_of(request["reader"], request["path"], os.environ["JARS"], *request.get("more", []))


if __name__ == "__main__":
    json.dump(digest_of(*sys.argv[1:]), sys.stdout)
