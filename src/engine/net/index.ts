/** One network namespace: links, addresses, routes, neighbours, sockets. */
export * from './namespace';
