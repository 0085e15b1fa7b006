# Spark: batches of changes, Parquet files on local disk, MERGEd into a Delta table on local disk.
# stdin: JSON with table, batches (the first is the warm-up), jars. stdout: one JSON line.
import json
import os
import sys
import time

from pyspark.sql import SparkSession

wanted = json.load(sys.stdin)
jars = ",".join(os.path.join(wanted["jars"], name) for name in sorted(os.listdir(wanted["jars"])))
spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.jars", jars)
    .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
    .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
    .config("spark.driver.memory", "4g")
    .config("spark.sql.parquet.compression.codec", "zstd")
    .config("spark.sql.shuffle.partitions", "4")
    .config("spark.sql.autoBroadcastJoinThreshold", "128m")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.ui.enabled", "false")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")
jvm = spark.sparkContext._gateway.proc.pid


def use():
    """CPU-seconds of this process and the JVM, and the JVM's largest resident set in MiB."""
    cpu = 0
    for pid in (os.getpid(), java()):
        fields = open(f"/proc/{pid}/stat").read().rsplit(") ", 1)[1].split()
        cpu += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    peak = next(line for line in open(f"/proc/{java()}/status") if line.startswith("VmHWM"))
    return cpu, int(peak.split()[1]) / 1024


def java():
    """The JVM is the launcher script's process once that has replaced itself, or a child of it."""
    for pid in [str(jvm), *open(f"/proc/{jvm}/task/{jvm}/children").read().split()]:
        if open(f"/proc/{pid}/comm").read().strip() == "java":
            return pid
    raise RuntimeError("no JVM")


def size():
    return sum(os.path.getsize(os.path.join(at, name)) for at, _, names in os.walk(wanted["table"]) for name in names)


def merge(batch):
    spark.read.parquet(batch).createOrReplaceTempView("changes")
    spark.sql(
        f"""MERGE INTO delta.`{wanted["table"]}` t USING changes s ON t.id = s.id
        WHEN MATCHED AND s._lsn > t._lsn THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"""
    )


merge(wanted["batches"][0])
began, written, warm = time.time(), size(), use()[0]
for batch in wanted["batches"][1:]:
    merge(batch)
ended = time.time()
cpu, peak = use()
print(
    json.dumps(
        {
            "seconds": ended - began,
            "cpuSeconds": cpu - warm,
            "warmUpCpuSeconds": warm,
            "peakRssMiB": peak,
            "bytesWritten": size() - written,
        }
    )
)
