"""A table of Spark's with a column mapping and a change data feed, in a folder: foreign_changes.py <mode> <folder> <jars>."""

import sys

from spark_session import open_session

mode, path, jars = sys.argv[1:4]
spark = open_session(jars)


def run(statement: str) -> None:
    spark.sql(statement.replace("`t`", f"delta.`{path}`"))


run(
    "CREATE TABLE `t` (id BIGINT, part STRING, words STRING) USING delta PARTITIONED BY (part) TBLPROPERTIES "
    f"('delta.columnMapping.mode' = '{mode}', 'delta.enableChangeDataFeed' = 'true', 'delta.enableDeletionVectors' = 'false')"
)
run("INSERT INTO `t` SELECT id, concat('p', id % 2), concat('word ', id) FROM range(20)")
run("UPDATE `t` SET words = 'new' WHERE id % 5 = 1")
run("ALTER TABLE `t` RENAME COLUMN words TO text")
run("ALTER TABLE `t` RENAME COLUMN part TO place")
run("UPDATE `t` SET text = concat(text, '!'), place = 'p9' WHERE id % 7 = 2")
run("DELETE FROM `t` WHERE id % 3 = 0")
run("DELETE FROM `t` WHERE place = 'p9'")
