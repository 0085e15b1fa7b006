import { describe, expect, test } from '@jest/globals';
import { parseJavaMajor } from './java.ts';

describe('the version of a Java runtime', () => {
  test.each([
    ['openjdk version "17.0.15" 2025-04-15', 17],
    ['openjdk version "25" 2025-09-16', 25],
    ['java version "1.8.0_402"', 8],
    ['openjdk version "21-ea" 2023-09-19', 21],
    ['Error: no Java here', 0],
  ])('%s is %d', (printed, major) => {
    expect(parseJavaMajor(printed)).toBe(major);
  });
});
