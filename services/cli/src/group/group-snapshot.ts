import type { FlowLine, FlowScrape } from './flow-model.ts';
import { flowLines } from './flow-model.ts';
import { scrapeMetrics, scrapeReadiness } from './service-scrape.ts';

export interface ServiceSnapshot {
  readonly name: string;
  readonly port: number;
  readonly ready: boolean;
  readonly reason: string;
  readonly flow: readonly FlowLine[];
}

export interface ScrapedService {
  readonly name: string;
  readonly port: number;
}

/** Asks services for their state again and again; rates come from the difference to the scrape before. */
export class GroupScraper {
  readonly #prefix: string;
  readonly #before = new Map<string, FlowScrape>();

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  scrape(services: readonly ScrapedService[]): Promise<ServiceSnapshot[]> {
    return Promise.all(services.map((service) => this.#scrapeOne(service)));
  }

  async #scrapeOne({ name, port }: ScrapedService): Promise<ServiceSnapshot> {
    const [readiness, samples] = await Promise.all([scrapeReadiness(port), scrapeMetrics(port)]);
    const scrape = { service: name, atMs: performance.now(), samples };
    const flow = flowLines(scrape, this.#before.get(name) ?? null, this.#prefix);
    if (samples.length > 0) this.#before.set(name, scrape);
    return { name, port, ...readiness, flow };
  }
}
