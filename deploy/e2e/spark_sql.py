"""Spark with Delta, and deltalake, as oracles of single statements: one request, one answer. `t` is the Delta table in the folder PATH.
ZONE is Spark's session zone. A refusal of theirs is an answer: {"refused": its first words}."""

import datetime
import decimal
import os

from spark_session import open_session

state = {}


def handle(request: dict):
    try:
        return {"answer": globals()[f"{request['engine']}_{request['do']}"](request)}
    except Exception as error:
        return {"refused": str(error)[:2000]}


def spark():
    if "spark" not in state:
        state["spark"] = open_session(os.environ["JARS"], os.environ["ZONE"])
    return state["spark"]


def spark_run(request: dict) -> None:
    for statement in request["sql"]:
        spark().sql(statement.replace("`t`", f"delta.`{request['path']}`"))


def spark_create(request: dict) -> None:
    """Columns are [name, type, expression or null]: Spark's SQL makes generated ones only in catalogs that say they have them."""
    session = spark()
    tables = session._jvm.io.delta.tables.DeltaTable
    builder = tables.create(session._jsparkSession).location(request["path"])
    for name, type, expression in request["columns"]:
        column = tables.columnBuilder(session._jsparkSession, name).dataType(type)
        builder = builder.addColumn((column.generatedAlwaysAs(expression) if expression else column).build())
    builder.execute()


def spark_rows(request: dict) -> list:
    rows = spark().sql(request["sql"].replace("`t`", f"delta.`{request['path']}`")).collect()
    return [[shown(value) for value in row] for row in rows]


def deltalake_rows(request: dict) -> list:
    from deltalake import DeltaTable, QueryBuilder
    import pyarrow

    found = pyarrow.table(QueryBuilder().register("t", DeltaTable(request["path"])).execute(request["sql"]).read_all())
    return [[shown(value) for value in row] for row in zip(*(found[name].to_pylist() for name in found.column_names))]


def deltalake_append(request: dict) -> None:
    """Rows of the JSON types; columns that are left out are left out of what is written too."""
    from deltalake import DeltaTable, write_deltalake
    import pyarrow

    table = DeltaTable(request["path"])
    types = {field.name: field.type for field in pyarrow.schema(table.schema().to_arrow())}
    columns = {name: pyarrow.array([parsed(value, types[name]) for value in values], types[name]) for name, values in request["columns"].items()}
    write_deltalake(table, pyarrow.table(columns), mode="append")


def duckdb_rows(request: dict) -> list:
    import duckdb as engine
    import duckdb_extension_delta as wheel

    if "duckdb" not in state:
        state["duckdb"] = engine.connect()
        binary = f"extensions/v{engine.__version__}/delta.duckdb_extension"
        state["duckdb"].execute(f"load '{os.path.join(os.path.dirname(wheel.__file__), binary)}'")
    found = state["duckdb"].execute(request["sql"].replace("from t", f"from delta_scan('{request['path']}')"))
    return [[shown(value) for value in row] for row in found.fetchall()]


def parsed(value, own):
    if str(own).startswith("decimal"):
        return decimal.Decimal(value)
    return datetime.datetime.fromisoformat(value) if str(own).startswith("timestamp") else value


def shown(value):
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    return value
