// Numbers of the Roaring format specification (github.com/RoaringBitmap/RoaringFormatSpec).

/** First word of a bitmap without run containers. */
export const COOKIE = 12_346;
/** First half word of a bitmap with run containers; the other half is the number of containers less one. */
export const COOKIE_WITH_RUNS = 12_347;
/** A bitmap with run containers lists where each begins from this many on; one without always does. */
export const OFFSETS_FROM = 4;
/** Bytes of a bitmap container. */
export const BITMAP_BYTES = 8_192;
