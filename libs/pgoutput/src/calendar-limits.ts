/** 9999-12-31 in days since 1970-01-01, where `infinity` and what 64-bit microseconds cannot hold are clamped to. */
export const MAX_DAY = 2932896;
/** 0001-01-01, where `-infinity` is clamped to. */
export const MIN_DAY = -719162;
export const SECONDS_PER_DAY = 86400;
export const MICROS_PER_SECOND = 1_000_000;
/** Microseconds since 1970 of the last moment of {@link MAX_DAY}. */
export const MAX_MICROS: bigint = BigInt(MAX_DAY + 1) * 86_400_000_000n - 1n;
/** Microseconds since 1970 of the first moment of {@link MIN_DAY}. */
export const MIN_MICROS: bigint = BigInt(MIN_DAY) * 86_400_000_000n;
