/** One machine: processes, namespaces, the file system and the system calls. */
export * from './files';
export * from './inode';
export * from './klog';
export * from './machine';
export * from './mounts';
export * from './namespaces';
export * from './openfile';
export * from './process';
export * from './program';
export * from './sys';
export * from './vfs';
