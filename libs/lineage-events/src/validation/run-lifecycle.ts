import type { RunEvent } from '../run-event.ts';

const TERMINAL = new Set(['COMPLETE', 'ABORT', 'FAIL']);

/** Follows the events of every run in topic order and says which ones break the run cycle. */
export class RunLifecycle {
  readonly #runs = new Map<string, { ended: boolean; job: string; lastTime: string }>();

  mistakes(event: RunEvent): string[] {
    const { runId } = event.run;
    const job = `${event.job.namespace}/${event.job.name}`;
    const run = this.#runs.get(runId);
    if (!run) {
      this.#runs.set(runId, { ended: TERMINAL.has(event.eventType), job, lastTime: event.eventTime });
      return event.eventType === 'START' ? [] : [`run ${runId}: begins with ${event.eventType}, not START`];
    }
    const mistakes: string[] = [];
    if (run.ended) mistakes.push(`run ${runId}: ${event.eventType} after its terminal event`);
    if (event.eventType === 'START') mistakes.push(`run ${runId}: a second START`);
    if (run.job !== job) mistakes.push(`run ${runId}: belongs to ${run.job} and to ${job}`);
    if (event.eventTime < run.lastTime) mistakes.push(`run ${runId}: time runs backwards`);
    run.ended ||= TERMINAL.has(event.eventType);
    run.lastTime = event.eventTime;
    return mistakes;
  }
}
