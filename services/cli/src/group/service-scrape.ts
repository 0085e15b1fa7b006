import { parseMetricsText, type MetricSample } from './metrics-text.ts';

const SCRAPE_TIMEOUT_MS = 2_000;

export interface Readiness {
  readonly ready: boolean;
  readonly reason: string;
}

/** Samples of a service's /metrics; empty when it does not answer: it may be starting or between two starts. */
export async function scrapeMetrics(port: number): Promise<MetricSample[]> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`, {
      signal: AbortSignal.timeout(SCRAPE_TIMEOUT_MS),
    });
    return response.ok ? parseMetricsText(await response.text()) : [];
  } catch {
    return [];
  }
}

export async function scrapeReadiness(port: number): Promise<Readiness> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`, {
      signal: AbortSignal.timeout(SCRAPE_TIMEOUT_MS),
    });
    const body = (await response.json()) as Partial<Readiness>;
    return { ready: response.ok, reason: body.reason ?? (response.ok ? 'ready' : 'not ready') };
  } catch {
    return { ready: false, reason: 'does not answer' };
  }
}
