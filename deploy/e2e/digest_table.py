"""Digest of a Delta table's rows in a canonical text, by one of several readers:
python digest_table.py deltalake|duckdb|spark PATH [JARS]. One JSON object on stdout: rows, and a digest per column."""

import datetime
import decimal
import hashlib
import json
import os
import sys


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
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    return str(value)


def deltalake(path: str, _jars: str = ""):
    from deltalake import DeltaTable

    table = DeltaTable(path).to_pyarrow_table()
    return {name: table[name].to_pylist() for name in table.column_names}


def duckdb(path: str, _jars: str = ""):
    """DuckDB reads the files that the log names; its own Delta extension is not on any package registry."""
    import duckdb as engine
    from deltalake import DeltaTable

    files = [os.path.join(path, file) for file in DeltaTable(path).file_uris()]
    rows = engine.connect().execute("set timezone = 'UTC'").execute(
        "from read_parquet(?, union_by_name = true, hive_partitioning = false)", [files]).fetch_arrow_table()
    return {name: rows[name].to_pylist() for name in rows.column_names}


def spark(path: str, jars: str):
    os.environ["TZ"] = "UTC"
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.jars", ",".join(os.path.join(jars, name) for name in os.listdir(jars)))
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
        .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .config("spark.log.level", "ERROR")
        .getOrCreate()
    )
    frame = session.read.format("delta").load(path)
    rows = frame.collect()
    return {name: [row[i] for row in rows] for i, name in enumerate(frame.columns)}


def main() -> None:
    engine, path, *rest = sys.argv[1:]
    columns = {"deltalake": deltalake, "duckdb": duckdb, "spark": spark}[engine](path, *rest)
    names = sorted(columns)
    texts = [[canonical(value) for value in columns[name]] for name in names]
    rows = sorted(zip(*texts))
    digest = {name: hashlib.sha256("\n".join(row[i] for row in rows).encode()).hexdigest() for i, name in enumerate(names)}
    json.dump({"rows": len(rows), "digest": digest}, sys.stdout)


main()
