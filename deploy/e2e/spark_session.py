"""Spark with Delta, for the oracles beside this file."""

import os


def open_session(jars: str, zone: str = "UTC"):
    """Session over the Delta jars in a folder. The zone is of the process, too: Python turns times by that."""
    os.environ["TZ"] = zone
    from pyspark.sql import SparkSession

    return (
        SparkSession.builder.master("local[2]")
        .config("spark.jars", ",".join(os.path.join(jars, name) for name in os.listdir(jars)))
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
        .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
        .config("spark.sql.session.timeZone", zone)
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.ui.enabled", "false")
        .config("spark.log.level", "ERROR")
        .getOrCreate()
    )
