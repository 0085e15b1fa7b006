import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { dirname } from 'node:path';

/** What a log line says to a person; null for lines below warning, which are only kept in the file. */
export interface LogNotice {
  readonly level: 'warn' | 'error';
  readonly text: string;
}

/** `fatal` is left out: the service says the same on stderr, and its end tells it. */
const LEVELS: Readonly<Record<string, LogNotice['level']>> = { warn: 'warn', error: 'error' };

/** Picks what a person has to see out of one line; text that is no JSON comes from stderr and counts as error. */
export function noticeOf(line: string): LogNotice | null {
  if (!line.startsWith('{')) return line.trim() === '' ? null : { level: 'error', text: line };
  let record: { level?: unknown; msg?: unknown };
  try {
    record = JSON.parse(line) as typeof record;
  } catch {
    return { level: 'error', text: line };
  }
  const level = typeof record.level === 'string' ? LEVELS[record.level] : undefined;
  return level ? { level, text: typeof record.msg === 'string' ? record.msg : line } : null;
}

/** Appends a service's output to its log file, and hands whole lines on. */
export class ServiceLog {
  readonly path: string;
  readonly #file: WriteStream;
  readonly #onLine: (line: string) => void;

  constructor(path: string, onLine: (line: string) => void) {
    mkdirSync(dirname(path), { recursive: true });
    this.path = path;
    this.#file = createWriteStream(path, { flags: 'a' });
    // A full disk must not end the supervisor: the services go on, their log has a hole.
    this.#file.on('error', () => {});
    this.#onLine = onLine;
  }

  /** Copies a stream; returns when it ends. */
  follow(stream: NodeJS.ReadableStream): void {
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      this.#file.write(chunk);
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#onLine(line);
    });
    stream.on('end', () => {
      if (rest !== '') this.#onLine(rest);
    });
  }

  close(): void {
    this.#file.end();
  }
}
