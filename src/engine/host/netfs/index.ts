/** Files that show the network and namespaces: nsfs, /proc/net, /proc/sys, /sys. */
export * from './nsfs';
