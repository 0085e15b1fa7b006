import { setTimeout as sleep } from 'node:timers/promises';

import type { SpawnedService } from '@hasivu/testing';

const POLL_MS = 50;

/** Waits until the metric, summed over its labels, is at least `rows`. @throws Error with the end of its log when it ends */
export async function reaches(
  service: SpawnedService,
  metric: string,
  rows: number,
  signal: AbortSignal,
  pollMs = POLL_MS,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    // A connection that was kept may be closed under a request.
    const exposition = await service.metrics().catch(() => '');
    if (totalOf(exposition, metric) >= rows) return;
    if (!service.running)
      throw new Error(`${service.name} has ended:\n${service.output.slice(-20).join('\n')}`);
    await sleep(pollMs);
  }
}

/** Sum of a metric over its labels. */
export function totalOf(exposition: string, metric: string): number {
  let total = 0;
  for (const line of exposition.split('\n')) {
    if (line.startsWith(`${metric}{`) || line.startsWith(`${metric} `))
      total += Number(line.slice(line.lastIndexOf(' ') + 1));
  }
  return total;
}
