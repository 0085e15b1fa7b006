import type { Cell } from './cell.ts';
import type { DrainRound } from './drain-cell.ts';
import { PEERS, type DrainSample, type PeerName } from './peer.ts';
import { rangeOf, type Range } from './statistics.ts';

/** The peer that all others are held against. */
const YARDSTICK = 'debezium-json';

export interface PeerFigures {
  readonly peer: PeerName;
  /** CPU-seconds per million rows: of the peer's own process, of its walsender, and of the broker meanwhile. */
  readonly cpu: Range;
  readonly walsenderCpu: Range;
  readonly brokerCpu: Range;
  readonly rowsPerSecond: Range;
  /** Megabytes of Postgres' log per second. */
  readonly logMegabytesPerSecond: Range;
  /** Share of a core that the peer would use, in percent, with its walsender at a whole one. */
  readonly coreShare: Range;
  readonly peakRssMiB: Range;
  /** In the same round: how many times cheaper, and how many times faster, than tuned Debezium with JSON. */
  readonly cheaper: Range | null;
  readonly faster: Range | null;
}

export interface CellFigures {
  readonly cell: string;
  readonly rows: number;
  readonly rounds: number;
  readonly peers: readonly PeerFigures[];
}

export function cellFigures(cell: Cell, rows: number, rounds: readonly DrainRound[]): CellFigures {
  const peers = PEERS.flatMap((peer) => {
    const taken = rounds.flatMap((round) => {
      const sample = round.samples[peer];
      return sample ? [{ sample, round }] : [];
    });
    return taken.length === 0 ? [] : [peerFigures(peer, rows, taken)];
  });
  return { cell: cell.name, rows, rounds: rounds.length, peers };
}

interface Taken {
  readonly sample: DrainSample;
  readonly round: DrainRound;
}

function peerFigures(peer: PeerName, rows: number, taken: readonly Taken[]): PeerFigures {
  const over = (figure: (one: Taken) => number, digits = 2): Range => rangeOf(taken.map(figure), digits);
  const against = (ratio: (own: DrainSample, other: DrainSample) => number): Range | null => {
    const ratios = taken.flatMap(({ sample, round }) => {
      const other = round.samples[YARDSTICK];
      return other ? [ratio(sample, other)] : [];
    });
    return ratios.length === 0 || peer === YARDSTICK ? null : rangeOf(ratios);
  };
  return {
    peer,
    cpu: over(({ sample }) => perMillion(sample, sample.cpuSeconds.peer)),
    walsenderCpu: over(({ sample }) => perMillion(sample, sample.cpuSeconds.walsender)),
    brokerCpu: over(({ sample }) => perMillion(sample, sample.cpuSeconds.broker)),
    rowsPerSecond: over(({ sample }) => speed(sample), 0),
    logMegabytesPerSecond: over(({ sample, round }) => (round.logBytes / 1e6 / rows) * speed(sample), 1),
    coreShare: over(coreShare, 0),
    peakRssMiB: over(({ sample }) => sample.peakRssMiB, 0),
    cheaper: against(
      (own, other) => perMillion(other, other.cpuSeconds.peer) / perMillion(own, own.cpuSeconds.peer),
    ),
    faster: against((own, other) => speed(own) / speed(other)),
  };
}

function perMillion(sample: DrainSample, cpuSeconds: number): number {
  return (cpuSeconds / sample.rows) * 1e6;
}

function speed(sample: DrainSample): number {
  return sample.rows / sample.seconds;
}

/** A load of few rows can pass between two ticks of the walsender's counter. */
function coreShare({ sample }: Taken): number {
  return (sample.cpuSeconds.peer / Math.max(sample.cpuSeconds.walsender, 0.01)) * 100;
}
