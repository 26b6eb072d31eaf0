/** Files that show the network and namespaces: nsfs, /proc/net, /proc/sys, /sys. */
export * from './nsfs';
export * from './proc-net';
export * from './proc-sys';
export * from './reap';
export * from './sysfs';
