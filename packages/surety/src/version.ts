// The version of this program, as every process states it in its first fact.

export const version = '0.1.0';
