"""Delta tables on local disk by deltalake, Spark and DuckDB: one request, one answer. Rows are [id, words, amount as text]."""

import os
from decimal import Decimal

import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder, write_deltalake
from spark_session import open_session

SCHEMA = pa.schema([("id", pa.int64()), ("words", pa.string()), ("amount", pa.decimal128(12, 2))])
COLUMNS = "id, words, amount"
state = {}


def handle(request: dict):
    return globals()[f"{request['engine']}_{request['do']}"](request)


def spark():
    if "spark" not in state:
        state["spark"] = open_session(os.environ["JARS"])
    return state["spark"]


def spark_sql(request: dict, statement: str) -> None:
    spark().sql(statement.replace("`t`", f"delta.`{request['path']}`"))


def spark_create(request: dict) -> None:
    spark_sql(request, "CREATE TABLE `t` (id BIGINT, words STRING, amount DECIMAL(12,2)) USING delta TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')")


def spark_enable_vectors(request: dict) -> None:
    spark_sql(request, "ALTER TABLE `t` SET TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')")


def spark_append(request: dict) -> None:
    values = ", ".join(f"({number}, '{words}', {amount})" for number, words, amount in request["rows"])
    spark_sql(request, f"INSERT INTO `t` VALUES {values}")


def spark_delete(request: dict) -> None:
    spark_sql(request, f"DELETE FROM `t` WHERE {request['predicate']}")


def spark_update(request: dict) -> None:
    spark_sql(request, f"UPDATE `t` SET words = '{request['words']}' WHERE {request['predicate']}")


def spark_checkpoint(request: dict) -> None:
    session = spark()
    session._jvm.org.apache.spark.sql.delta.DeltaLog.forTable(session._jsparkSession, request["path"]).checkpoint()


def spark_rows(request: dict) -> list:
    return shown([list(row) for row in spark().read.format("delta").load(request["path"]).select("id", "words", "amount").collect()])


def table_of(rows: list) -> pa.Table:
    numbers, words, amounts = zip(*rows)
    return pa.table([pa.array(numbers, pa.int64()), pa.array(words, pa.string()), pa.array([Decimal(text) for text in amounts], SCHEMA.field(2).type)], schema=SCHEMA)


def deltalake_create(request: dict) -> None:
    DeltaTable.create(request["path"], SCHEMA)


def deltalake_append(request: dict) -> None:
    write_deltalake(request["path"], table_of(request["rows"]), mode="append")


def deltalake_delete(request: dict) -> None:
    DeltaTable(request["path"]).delete(request["predicate"])


def deltalake_update(request: dict) -> None:
    DeltaTable(request["path"]).update(updates={"words": f"'{request['words']}'"}, predicate=request["predicate"])


def deltalake_checkpoint(request: dict) -> None:
    DeltaTable(request["path"]).create_checkpoint()


def deltalake_rows(request: dict) -> list:
    found = pa.table(QueryBuilder().register("t", DeltaTable(request["path"])).execute(f"select {COLUMNS} from t").read_all())
    return shown([list(row) for row in zip(*(found[name].to_pylist() for name in SCHEMA.names))])


def duckdb():
    if "duckdb" not in state:
        import duckdb as engine
        import duckdb_extension_delta as wheel

        connection = engine.connect()
        binary = f"extensions/v{engine.__version__}/delta.duckdb_extension"
        connection.execute(f"load '{os.path.join(os.path.dirname(wheel.__file__), binary)}'")
        state["duckdb"] = connection
    return state["duckdb"]


def duckdb_rows(request: dict) -> list:
    return shown([list(row) for row in duckdb().execute(f"select {COLUMNS} from delta_scan(?)", [request["path"]]).fetchall()])


def duckdb_file(request: dict) -> list:
    """All rows of one Parquet file in its own order, whatever a log says of them."""
    found = duckdb().execute(f"select {COLUMNS} from read_parquet(?, file_row_number = true) order by file_row_number", [request["path"]])
    return shown([list(row) for row in found.fetchall()])


def shown(rows: list) -> list:
    return [[number, words, format(amount, "f")] for number, words, amount in rows]
