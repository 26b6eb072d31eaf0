/** procfs (proc(5)): what the kernel tells about its processes and itself. */
export * from './hooks';
export * from './memory';
export * from './pid';
export * from './root';
