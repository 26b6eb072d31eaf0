/** The engine's core: virtual time, coroutines, bytes, pipes, terminals, signals, chance. It imports nothing of ours. */
export * from './bytes';
export * from './errno';
export * from './file';
export * from './pipe';
export * from './random';
export * from './scheduler';
export * from './signals';
export * from './timers';
export * from './tty';
