/** Sockets of the kinds the course's programs use. */
export * from './packet';
export * from './ports';
export * from './raw';
export * from './socket';
export * from './sockets';
export * from './tcp';
export type * from './tcp-info';
export type * from './tcp-metrics';
export * from './tcp-state';
export * from './tcp-table';
export * from './udp';
export * from './unix';
