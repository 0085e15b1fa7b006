import { EXIT } from '@hasivu/errors';
import type { CliContext } from '../cli-context.ts';
import { loadConfig } from '@hasivu/config';
import { formatFlow } from '../group/flow-table.ts';
import { GroupScraper, type ServiceSnapshot } from '../group/group-snapshot.ts';
import { readRunRecord } from '../group/run-record.ts';
import { readStackSummary, type StackSummary } from '../stack/stack-summary.ts';

interface StatusAnswer {
  readonly stack: StackSummary;
  readonly group: { readonly pid: number; readonly configPath: string; readonly startedAt: string } | null;
  readonly services: readonly (ServiceSnapshot & { readonly pid: number | null })[];
}

/** State of the local stack and of the running group. Exit code 1 when something that runs is not ready. */
export async function showStatus(context: CliContext, options: { json: boolean }): Promise<number> {
  const answer = await collectStatus(context);
  if (options.json) context.out.write(`${JSON.stringify(answer)}\n`);
  else for (const line of describeStatus(answer, context)) context.out.write(`${line}\n`);
  return answer.services.every(({ ready }) => ready) ? EXIT.ok : EXIT.failed;
}

async function collectStatus(context: CliContext): Promise<StatusAnswer> {
  const stack = await readStackSummary(context);
  const record = readRunRecord(context.stateDir);
  if (!record?.alive) return { stack, group: null, services: [] };
  const scraper = new GroupScraper(prefixOf(record.configPath, context));
  const snapshots = await scraper.scrape(record.services);
  const services = snapshots.map((snapshot) => ({
    ...snapshot,
    pid: record.services.find(({ name }) => name === snapshot.name)?.pid ?? null,
  }));
  return {
    stack,
    group: { pid: record.pid, configPath: record.configPath, startedAt: record.startedAt },
    services,
  };
}

/** The prefix only shortens names here: a file that has gone or lost a secret since must not hide the state. */
function prefixOf(configPath: string, context: CliContext): string {
  try {
    return loadConfig(configPath, { ...context.env }).kafka.prefix;
  } catch {
    return '';
  }
}

function describeStatus(answer: StatusAnswer, context: CliContext): string[] {
  const { paint } = context;
  const lines = [`${paint.bold('local stack')}  ${answer.stack.state}`];
  for (const part of answer.stack.parts)
    lines.push(`  ${part.name.padEnd(10)}${part.state.padEnd(10)}${part.address}`);
  if (!answer.group)
    return [...lines, `${paint.bold('services')}     none running (hasivu run -f hasivu.yaml)`];
  lines.push(
    `${paint.bold('services')}     process ${answer.group.pid}, ${answer.group.configPath}, since ${answer.group.startedAt}`,
  );
  for (const { name, pid, port, ready, reason } of answer.services) {
    lines.push(
      `  ${(ready ? paint.green : paint.yellow)(ready ? 'ready' : 'not ready')} ${name} (process ${pid ?? 'none'}, port ${port})${ready ? '' : `: ${reason}`}`,
    );
  }
  const flow = answer.services.flatMap((service) => service.flow);
  return flow.length > 0 ? [...lines, '', ...formatFlow(flow, paint)] : lines;
}
