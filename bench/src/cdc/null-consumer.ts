// A process that reads a replication slot and throws everything away: what Postgres itself can send. It knows the
// protocol's framing and nothing of pgoutput, and prints `warm` and `end` with its own CPU-seconds when it meets the
// two positions. Usage: null-consumer.ts <url> <slot> <publication> <binary> <warm-up LSN> <end LSN>
import type { Socket } from 'node:net';

import pg from 'pg';

const COPY_DATA = 0x64;
const XLOG_DATA = 0x77;
const HEADER_BYTES = 5;
const STATUS_EVERY_MS = 5_000;

const [url, slot, publication, binary, warmUp, end] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  string,
];
const client = new pg.Client({ connectionString: url, replication: 'database' } as pg.ClientConfig);
await client.connect();
const socket = (client as pg.Client & { readonly connection: { readonly stream: Socket } }).connection.stream;
socket.removeAllListeners('data');

const marks = [
  { name: 'warm', lsn: lsnOf(warmUp) },
  { name: 'end', lsn: lsnOf(end) },
];
let rest: Buffer = Buffer.alloc(0);
socket.on('data', (chunk: Buffer) => {
  const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
  let at = 0;
  while (bytes.length - at >= HEADER_BYTES) {
    const next = at + 1 + bytes.readUInt32BE(at + 1);
    if (next > bytes.length) break;
    if (bytes[at] === COPY_DATA && bytes[at + HEADER_BYTES] === XLOG_DATA)
      reached(bytes, at + HEADER_BYTES + 1);
    else if (bytes[at] === 0x45) throw new Error(bytes.toString('utf8', at, next));
    at = next;
  }
  rest = bytes.subarray(at);
});
const options = `proto_version '1', publication_names '${publication}'${binary === 'true' ? ", binary 'true'" : ''}`;
send(0x51, Buffer.from(`START_REPLICATION SLOT "${slot}" LOGICAL 0/0 (${options})\0`));
// Confirms nothing: the server only wants to hear that somebody lives.
setInterval(() => {
  const status = Buffer.alloc(34);
  status[0] = 0x72;
  send(COPY_DATA, status);
}, STATUS_EVERY_MS);

function reached(bytes: Buffer, at: number): void {
  const lsn = bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
  while (marks[0] && lsn >= marks[0].lsn) {
    const { user, system } = process.cpuUsage();
    process.stdout.write(`${marks.shift()?.name} ${(user + system) / 1e6}\n`);
  }
}

function send(tag: number, body: Buffer): void {
  const head = Buffer.alloc(HEADER_BYTES);
  head[0] = tag;
  head.writeUInt32BE(body.length + 4, 1);
  socket.write(Buffer.concat([head, body]));
}

function lsnOf(text: string): number {
  const [high = '0', low = '0'] = text.split('/');
  return Number.parseInt(high, 16) * 2 ** 32 + Number.parseInt(low, 16);
}
