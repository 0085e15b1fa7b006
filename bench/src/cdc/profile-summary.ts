import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A V8 CPU profile, as far as it is needed: samples name a node each, deltas are microseconds. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const SHOWN = 30;
/** Not work: the thread waits, for bytes or for Kafka. */
const IDLE = '(idle)';

/** Where the main thread's time went, as a Markdown table per profile in the folder, the longest lives first. */
export function profileSummary(directory: string): string {
  const lives = readdirSync(directory)
    .filter((name) => name.endsWith('.cpuprofile'))
    .map((name) => selfTimes(JSON.parse(readFileSync(join(directory, name), 'utf8')) as CpuProfile))
    .sort((a, b) => busyMs(b) - busyMs(a));
  return lives.map(lifeTable).join('\n');
}

/** Milliseconds by function, without what it called. */
export function selfTimes(profile: CpuProfile): Map<string, number> {
  const frames = new Map(profile.nodes.map((node) => [node.id, frameName(node.callFrame)]));
  const times = new Map<string, number>();
  profile.samples.forEach((id, i) => {
    const name = frames.get(id) ?? '?';
    times.set(name, (times.get(name) ?? 0) + (profile.timeDeltas[i] ?? 0) / 1000);
  });
  return times;
}

function busyMs(times: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const [name, ms] of times) if (name !== IDLE) sum += ms;
  return sum;
}

function lifeTable(times: ReadonlyMap<string, number>): string {
  const busy = busyMs(times);
  const rows = [...times]
    .filter(([name]) => name !== IDLE)
    .sort(([, a], [, b]) => b - a)
    .slice(0, SHOWN)
    .map(([name, ms]) => `| ${name} | ${ms.toFixed(0)} | ${((100 * ms) / busy).toFixed(1)} % |`);
  return [
    `Main thread: ${busy.toFixed(0)} ms busy, ${(times.get(IDLE) ?? 0).toFixed(0)} ms waiting.`,
    '',
    '| function | ms itself | of the busy time |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

function frameName({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  if (url === '') return functionName === '' ? '(native)' : functionName;
  return `${functionName === '' ? '(anonymous)' : functionName} ${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`;
}
