import type { CliContext } from '../cli-context.ts';
import { LiveRegion } from '../terminal/live-region.ts';
import { flowTotals } from './flow-model.ts';
import { flowSentence, formatFlow } from './flow-table.ts';
import { GroupScraper, type ServiceSnapshot } from './group-snapshot.ts';
import type { GroupListener, RunningGroup } from './running-group.ts';
import type { LogNotice } from './service-log.ts';
import type { ServiceEnd } from './service-process.ts';

const REDRAW_EVERY_MS = 1_000;
/** Where no table can be redrawn, lines every second would bury what matters. */
const PLAIN_EVERY_MS = 5_000;

export interface FlowViewOptions {
  readonly context: CliContext;
  readonly prefix: string;
  readonly json: boolean;
  /** Lines above the table, asked for at each redraw. */
  readonly headline?: () => readonly string[];
  /** What plain lines tell: each table, or one line for each service. */
  readonly plain?: 'tables' | 'services';
}

/** Shows a running group: a table redrawn in place on a terminal, plain lines elsewhere, JSON lines on request. */
export class FlowView implements GroupListener {
  readonly #context: CliContext;
  readonly #json: boolean;
  readonly #headline: () => readonly string[];
  readonly #plain: 'tables' | 'services';
  readonly #region: LiveRegion;
  readonly #scraper: GroupScraper;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor({ context, prefix, json, headline, plain }: FlowViewOptions) {
    this.#context = context;
    this.#json = json;
    this.#headline = headline ?? (() => []);
    this.#plain = plain ?? 'tables';
    this.#region = new LiveRegion(context.out);
    this.#scraper = new GroupScraper(prefix);
  }

  watch(group: RunningGroup): void {
    const services = [...group.ports].map(([name, port]) => ({ name, port }));
    if (this.#plain === 'tables')
      for (const { name, port } of services)
        this.say(
          `${name} on http://127.0.0.1:${port} (livez, readyz, metrics), log ${group.logDir}/${name}.log`,
        );
    const live = this.#region.live && !this.#json;
    const again = (): void => {
      if (this.#closed) return;
      this.#timer = setTimeout(
        () => void this.#show(group, services).finally(again),
        live || this.#json ? REDRAW_EVERY_MS : PLAIN_EVERY_MS,
      );
    };
    again();
  }

  say(text: string): void {
    if (this.#json) this.#write({ type: 'message', text });
    else this.#region.print(this.#context.paint.dim(text));
  }

  notice(service: string, notice: LogNotice): void {
    if (this.#json) return this.#write({ type: 'log', service, level: notice.level, text: notice.text });
    const { paint } = this.#context;
    const tint = notice.level === 'error' ? paint.red : paint.yellow;
    this.#region.print(`${tint(service)} ${notice.text}`);
  }

  failed(service: string, end: ServiceEnd, restartInMs: number | null): void {
    const how = end.code === null ? 'was killed' : `ended with exit code ${end.code}`;
    const next = restartInMs === null ? 'not started again' : `starting again in ${restartInMs / 1000} s`;
    if (this.#json)
      this.#write({ type: 'exit', service, code: end.code, restartInMs, message: end.lastError });
    else
      this.#region.print(
        `${this.#context.paint.yellow(service)} ${how}; ${next}${restartInMs !== null && end.lastError ? `\n  ${end.lastError}` : ''}`,
      );
  }

  close(): void {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#region.release();
  }

  async #show(group: RunningGroup, services: readonly { name: string; port: number }[]): Promise<void> {
    const snapshots = await this.#scraper.scrape(services);
    if (this.#closed) return;
    if (this.#json)
      return this.#write({
        type: 'flow',
        time: new Date().toISOString(),
        phase: group.state().phase,
        services: snapshots,
      });
    if (this.#region.live)
      return this.#region.draw([
        ...this.#headline(),
        ...this.#stateLines(group, snapshots),
        ...formatFlow(
          snapshots.flatMap(({ flow }) => flow),
          this.#context.paint,
        ),
      ]);
    for (const text of this.#headline()) this.#context.out.write(`${text}\n`);
    const lines = snapshots.flatMap(({ flow }) => (this.#plain === 'services' ? flowTotals(flow) : flow));
    for (const line of lines) if (line.rowsPerSecond) this.#context.out.write(`${flowSentence(line)}\n`);
  }

  #stateLines(group: RunningGroup, snapshots: readonly ServiceSnapshot[]): string[] {
    const { paint } = this.#context;
    const states = group.state().services.map(({ name, status, restarts }) => {
      const snapshot = snapshots.find((candidate) => candidate.name === name);
      const mark = status === 'running' && snapshot?.ready ? paint.green('●') : paint.yellow('●');
      const words =
        status === 'running' ? (snapshot?.ready ? 'ready' : (snapshot?.reason ?? 'starting')) : status;
      return `${mark} ${name} ${words}${restarts > 0 ? ` (${restarts} restarts)` : ''}`;
    });
    return [states.join('   '), ''];
  }

  #write(line: object): void {
    this.#context.out.write(`${JSON.stringify(line)}\n`);
  }
}
