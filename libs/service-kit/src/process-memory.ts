// Loaded before anything else of a service: it may replace the process.

/** Names the settings that {@link restartWithMemorySettings} gives a process; one that is set already is left alone. */
const MMAP_THRESHOLD = 'MALLOC_MMAP_THRESHOLD_';

/**
 * glibc raises the size from which a block is given back to the system when it is freed, up to 32 MiB; buffers that come
 * and go then leave holes that count as resident. Fixed at its first value, lake-sink's peak fell from 296 to 253 MiB with
 * silver and from 250 to 174 MiB without, over half a million rows.
 */
const MMAP_THRESHOLD_BYTES = 131_072;

/** What differs between services. */
export interface MemorySettings {
  /** A half of V8's young generation, of which it keeps three whatever lives there. Default 1: most make few objects. */
  readonly youngGenerationMiB?: number;
  /** What V8's old generation may grow by between two full collections, percent; its own choice by default. */
  readonly growthPercent?: number;
  /** Arenas of glibc's allocator; by default one or more per thread, and each keeps holes of its own. */
  readonly arenas?: number;
}

/**
 * Starts this program again in the same process (same pid, same standard streams) with settings that can only be given at
 * the start of a process. Returns at once in the second life, and on systems without glibc's settings.
 */
export function restartWithMemorySettings(env: NodeJS.ProcessEnv, settings: MemorySettings = {}): void {
  if (process.platform !== 'linux' || process.execve === undefined || env[MMAP_THRESHOLD] !== undefined)
    return;
  const { youngGenerationMiB = 1, growthPercent, arenas } = settings;
  const flags = [
    `--max-semi-space-size=${youngGenerationMiB}`,
    ...(growthPercent === undefined ? [] : [`--heap-growing-percent=${growthPercent}`]),
  ];
  process.execve(
    process.execPath,
    [process.execPath, ...process.execArgv, ...flags, ...process.argv.slice(1)],
    {
      ...(arenas === undefined ? {} : { MALLOC_ARENA_MAX: String(arenas) }),
      ...env,
      [MMAP_THRESHOLD]: String(MMAP_THRESHOLD_BYTES),
    },
  );
}
