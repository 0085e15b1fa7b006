import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { uniqueName } from '@hasivu/testing';

import { processUse } from '../process-cpu.ts';
import type { LoadedLog } from './cell-load.ts';
import { walsenderOf } from './drain-window.ts';
import type { Drain, DrainSample, Scene } from './peer.ts';

/** The walsender alone, into a process that throws its bytes away: no reader of the slot can be faster. */
export async function walsenderDrain(scene: Scene, binary: boolean): Promise<Drain> {
  const slot = uniqueName('bench_null');
  await scene.database.query("select pg_create_logical_replication_slot($1, 'pgoutput')", [slot]);
  return {
    run: (log) => run(scene, slot, binary, log),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function run(scene: Scene, slot: string, binary: boolean, log: LoadedLog): Promise<DrainSample> {
  const args = [scene.database.url, slot, scene.publication, String(binary), log.warmUpLsn, log.endLsn];
  const child = spawn(process.execPath, [join(import.meta.dirname, 'null-consumer.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    signal: scene.signal,
    killSignal: 'SIGKILL',
  });
  const closed = once(child, 'close').catch(() => undefined);
  child.once('error', () => undefined);
  const moments: { ms: number; cpu: number; walsender: number; broker: number }[] = [];
  let walsender = 0;
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      if (walsender === 0) walsender = await walsenderOf(scene, slot);
      moments.push({
        ms: performance.now(),
        cpu: Number(line.split(' ')[1]),
        walsender: processUse(walsender).cpuSeconds,
        broker: processUse(scene.brokerPid).cpuSeconds,
      });
      if (line.startsWith('end')) break;
    }
    scene.signal.throwIfAborted();
    const [begin, end] = moments;
    if (!begin || !end) throw new Error(`the reader of ${slot} ended before the load did`);
    const cpuSeconds = {
      peer: end.cpu - begin.cpu,
      walsender: end.walsender - begin.walsender,
      broker: end.broker - begin.broker,
    };
    const { peakRssMiB } = processUse(child.pid ?? 0);
    return { rows: log.rows, seconds: (end.ms - begin.ms) / 1000, cpuSeconds, peakRssMiB };
  } finally {
    child.kill('SIGKILL');
    await closed;
  }
}
