/** What differs between builds of nginx: Debian's and the ones in images. */
export interface NginxBuild {
  /** Such as `1.22.1`. */
  readonly version: string;
  readonly configuration: string;
  readonly pidFile: string;
  readonly accessLog: string;
  /** `stderr` or a path. */
  readonly errorLog: string;
  readonly prefix: string;
}

/** Debian 12's. */
export const DEBIAN_BUILD: NginxBuild = {
  version: '1.22.1',
  configuration: '/etc/nginx/nginx.conf',
  pidFile: '/run/nginx.pid',
  accessLog: '/var/log/nginx/access.log',
  errorLog: 'stderr',
  prefix: '/usr/share/nginx/',
};
