import { randomBytes } from 'node:crypto';

import pino, { type Logger } from 'pino';

/** Fields that could hold a secret wherever they turn up. */
const REDACTED = [
  'password',
  'secretAccessKey',
  'accessKeyId',
  'url',
  'sasl',
  'salt',
  '*.password',
  '*.secretAccessKey',
  '*.accessKeyId',
  '*.url',
  '*.sasl',
  '*.salt',
];

/** JSON lines on stdout. `trace_id` is one per process, so that the lines and events of one run can be joined. */
export function createServiceLogger(service: string, level: string): Logger {
  return pino(
    {
      level,
      base: { service, pid: process.pid, trace_id: randomBytes(16).toString('hex') },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: REDACTED, censor: '[redacted]' },
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ fd: 1, sync: true }),
  );
}
