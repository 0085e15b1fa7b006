# Spark Structured Streaming: the topic's Avro events into a Delta table on local disk, in one run over what is there.
# stdin: JSON with brokers, topic, schema (Avro, of the values), warmUpRows, batchRows, out, jars. stdout: one JSON line.
import json
import os
import sys
import time

from pyspark.sql import SparkSession
from pyspark.sql.avro.functions import from_avro
from pyspark.sql.functions import col, expr

wanted = json.load(sys.stdin)
jars = ",".join(os.path.join(wanted["jars"], name) for name in sorted(os.listdir(wanted["jars"])))
spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.jars", jars)
    .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
    .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
    .config("spark.driver.memory", "4g")
    .config("spark.sql.parquet.compression.codec", "zstd")
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
    for pid in [str(jvm), *children(jvm)]:
        if open(f"/proc/{pid}/comm").read().strip() == "java":
            return pid
    raise RuntimeError("no JVM")


def children(pid):
    return open(f"/proc/{pid}/task/{pid}/children").read().split()


events = (
    spark.readStream.format("kafka")
    .option("kafka.bootstrap.servers", wanted["brokers"])
    .option("kafka.isolation.level", "read_committed")
    .option("subscribe", wanted["topic"])
    .option("startingOffsets", "earliest")
    .option("maxOffsetsPerTrigger", wanted["batchRows"])
    .load()
)
rows = events.select(
    from_avro(expr("substring(value, 6)"), wanted["schema"]).alias("event"), col("partition"), col("offset")
).select(
    "event.after.*",
    col("event.op").alias("_op"),
    col("event.source.commit_lsn").alias("_lsn"),
    col("event.source.seq").alias("_seq"),
    col("event.source.txId").alias("_txid"),
    expr("timestamp_millis(event.source.ts_ms)").alias("_committed_at"),
    col("partition").alias("_partition"),
    col("offset").alias("_offset"),
)
query = (
    rows.writeStream.format("delta")
    .option("checkpointLocation", wanted["out"] + "_checkpoint")
    .trigger(availableNow=True)
    .start(wanted["out"])
)
began = None
done = 0
last = -1
while query.isActive:
    for progress in query.recentProgress:
        if progress["batchId"] <= last:
            continue
        last = progress["batchId"]
        done += progress["numInputRows"]
    if began is None and done >= wanted["warmUpRows"]:
        began = (time.time(), use()[0], done)
    time.sleep(0.05)
query.awaitTermination()
if began is None:
    raise RuntimeError(f"the run ended after {done} rows, within its warm-up: it has to take several batches")
cpu, peak = use()
ended = time.time()
table = spark.read.format("delta").load(wanted["out"])
print(
    json.dumps(
        {
            "rows": table.count() - began[2],
            "seconds": ended - began[0],
            "cpuSeconds": cpu - began[1],
            "peakRssMiB": peak,
            "tableBytes": sum(os.path.getsize(path.replace("file://", "").replace("file:", "")) for path in table.inputFiles()),
        }
    )
)
