/** The number of one of several files, from 1, with as many digits as the last one's. */
export const numbered = (index: number, count: number): string => String(index + 1).padStart(String(count).length, '0');
