# A consumer as one would write it with Python's libraries: Avro events from Kafka, Arrow tables, a Delta table on local disk.
# stdin: JSON with brokers, topic, schema (Avro, of the values), warmUpRows, totalRows, batchRows, out. stdout: one JSON line.
import io
import json
import os
import resource
import sys
import time

import pyarrow as pa
from confluent_kafka import Consumer
from deltalake import DeltaTable, write_deltalake
from fastavro import parse_schema, schemaless_reader

wanted = json.load(sys.stdin)
schema = parse_schema(json.loads(wanted["schema"]))
consumer = Consumer(
    {
        "bootstrap.servers": wanted["brokers"],
        "group.id": wanted["group"],
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
    }
)
consumer.subscribe([wanted["topic"]])


def cpu():
    use = resource.getrusage(resource.RUSAGE_SELF)
    return use.ru_utime + use.ru_stime


began = None
done = 0
rows = []


def flush():
    write_deltalake(wanted["out"], pa.Table.from_pylist(rows), mode="append")
    rows.clear()


while done < wanted["totalRows"]:
    for message in consumer.consume(10_000, timeout=1.0):
        if message.error():
            raise RuntimeError(message.error())
        event = schemaless_reader(io.BytesIO(message.value()[5:]), schema, None)
        source = event["source"]
        rows.append(
            {
                **event["after"],
                "_op": event["op"],
                "_lsn": source["commit_lsn"],
                "_seq": source["seq"],
                "_txid": source["txId"],
                "_committed_at": source["ts_ms"],
                "_partition": message.partition(),
                "_offset": message.offset(),
            }
        )
        done += 1
        if len(rows) >= wanted["batchRows"]:
            flush()
            if began is None and done >= wanted["warmUpRows"]:
                began = (time.time(), cpu(), done)
if rows:
    flush()
consumer.close()
ended, used = time.time(), cpu()
if began is None:
    raise RuntimeError(f"the run ended after {done} rows, within its warm-up")
table = DeltaTable(wanted["out"])
print(
    json.dumps(
        {
            "rows": done - began[2],
            "seconds": ended - began[0],
            "cpuSeconds": used - began[1],
            "peakRssMiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "tableBytes": sum(os.path.getsize(path.removeprefix("file://")) for path in table.file_uris()),
        }
    )
)
