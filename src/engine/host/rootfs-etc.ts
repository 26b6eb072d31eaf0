/** Text files of a Debian 12 installation, in our words where they are prose. */

const USERS = `root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
bin:x:2:2:bin:/bin:/usr/sbin/nologin
sys:x:3:3:sys:/dev:/usr/sbin/nologin
sync:x:4:65534:sync:/bin:/bin/sync
games:x:5:60:games:/usr/games:/usr/sbin/nologin
man:x:6:12:man:/var/cache/man:/usr/sbin/nologin
lp:x:7:7:lp:/var/spool/lpd:/usr/sbin/nologin
mail:x:8:8:mail:/var/mail:/usr/sbin/nologin
news:x:9:9:news:/var/spool/news:/usr/sbin/nologin
uucp:x:10:10:uucp:/var/spool/uucp:/usr/sbin/nologin
proxy:x:13:13:proxy:/bin:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
backup:x:34:34:backup:/var/backups:/usr/sbin/nologin
list:x:38:38:Mailing List Manager:/var/list:/usr/sbin/nologin
irc:x:39:39:ircd:/run/ircd:/usr/sbin/nologin
_apt:x:42:65534::/nonexistent:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
`;

const GROUPS = [
  ['root', 0],
  ['daemon', 1],
  ['bin', 2],
  ['sys', 3],
  ['adm', 4],
  ['tty', 5],
  ['disk', 6],
  ['lp', 7],
  ['mail', 8],
  ['news', 9],
  ['uucp', 10],
  ['man', 12],
  ['proxy', 13],
  ['kmem', 15],
  ['dialout', 20],
  ['fax', 21],
  ['voice', 22],
  ['cdrom', 24],
  ['floppy', 25],
  ['tape', 26],
  ['sudo', 27],
  ['audio', 29],
  ['dip', 30],
  ['www-data', 33],
  ['backup', 34],
  ['operator', 37],
  ['list', 38],
  ['irc', 39],
  ['src', 40],
  ['shadow', 42],
  ['utmp', 43],
  ['video', 44],
  ['sasl', 45],
  ['plugdev', 46],
  ['staff', 50],
  ['games', 60],
  ['users', 100],
  ['nogroup', 65534],
] as const;

/** Name, port, protocols, aliases of /etc/services: those a network course meets. */
const SERVICES: readonly (readonly [string, number, string, string?])[] = [
  ['tcpmux', 1, 'tcp'],
  ['echo', 7, 'tcp udp'],
  ['discard', 9, 'tcp udp', 'sink null'],
  ['daytime', 13, 'tcp udp'],
  ['chargen', 19, 'tcp udp', 'ttytst source'],
  ['ftp-data', 20, 'tcp'],
  ['ftp', 21, 'tcp'],
  ['ssh', 22, 'tcp'],
  ['telnet', 23, 'tcp'],
  ['smtp', 25, 'tcp', 'mail'],
  ['time', 37, 'tcp udp', 'timserver'],
  ['whois', 43, 'tcp', 'nicname'],
  ['domain', 53, 'tcp udp'],
  ['bootps', 67, 'udp'],
  ['bootpc', 68, 'udp'],
  ['tftp', 69, 'udp'],
  ['gopher', 70, 'tcp'],
  ['finger', 79, 'tcp'],
  ['http', 80, 'tcp', 'www'],
  ['kerberos', 88, 'tcp udp', 'kerberos5 krb5 kerberos-sec'],
  ['pop3', 110, 'tcp', 'pop-3'],
  ['sunrpc', 111, 'tcp udp', 'portmapper'],
  ['auth', 113, 'tcp', 'authentication tap ident'],
  ['nntp', 119, 'tcp', 'readnews untp'],
  ['ntp', 123, 'udp'],
  ['netbios-ns', 137, 'udp'],
  ['netbios-dgm', 138, 'udp'],
  ['netbios-ssn', 139, 'tcp'],
  ['imap2', 143, 'tcp', 'imap'],
  ['snmp', 161, 'tcp udp'],
  ['snmp-trap', 162, 'tcp udp', 'snmptrap'],
  ['bgp', 179, 'tcp'],
  ['irc', 194, 'tcp udp'],
  ['ldap', 389, 'tcp udp'],
  ['https', 443, 'tcp'],
  ['https', 443, 'udp'],
  ['microsoft-ds', 445, 'tcp udp'],
  ['isakmp', 500, 'udp'],
  ['exec', 512, 'tcp'],
  ['biff', 512, 'udp', 'comsat'],
  ['login', 513, 'tcp'],
  ['who', 513, 'udp', 'whod'],
  ['shell', 514, 'tcp', 'cmd syslog'],
  ['syslog', 514, 'udp'],
  ['printer', 515, 'tcp', 'spooler'],
  ['route', 520, 'udp', 'router routed'],
  ['submission', 587, 'tcp'],
  ['ldaps', 636, 'tcp udp'],
  ['domain-s', 853, 'tcp udp'],
  ['rsync', 873, 'tcp'],
  ['imaps', 993, 'tcp'],
  ['pop3s', 995, 'tcp'],
  ['socks', 1080, 'tcp'],
  ['openvpn', 1194, 'tcp udp'],
  ['ms-sql-s', 1433, 'tcp'],
  ['nfs', 2049, 'tcp udp'],
  ['docker', 2375, 'tcp'],
  ['docker-s', 2376, 'tcp'],
  ['etcd-client', 2379, 'tcp'],
  ['etcd-server', 2380, 'tcp'],
  ['mysql', 3306, 'tcp'],
  ['ms-wbt-server', 3389, 'tcp'],
  ['svn', 3690, 'tcp', 'subversion'],
  ['ipsec-nat-t', 4500, 'udp'],
  ['vxlan', 4789, 'udp'],
  ['sip', 5060, 'tcp udp'],
  ['sip-tls', 5061, 'tcp udp'],
  ['mdns', 5353, 'udp'],
  ['postgresql', 5432, 'tcp', 'postgres'],
  ['amqp', 5672, 'tcp udp'],
  ['x11', 6000, 'tcp', 'x11-0'],
  ['redis', 6379, 'tcp'],
  ['http-alt', 8080, 'tcp udp', 'webcache'],
  ['git', 9418, 'tcp'],
  ['zabbix-agent', 10050, 'tcp'],
  ['memcached', 11211, 'tcp udp'],
];

const PROTOCOLS: readonly (readonly [string, number, string])[] = [
  ['ip', 0, 'IP'],
  ['icmp', 1, 'ICMP'],
  ['igmp', 2, 'IGMP'],
  ['ggp', 3, 'GGP'],
  ['ipencap', 4, 'IP-ENCAP'],
  ['st', 5, 'ST'],
  ['tcp', 6, 'TCP'],
  ['egp', 8, 'EGP'],
  ['igp', 9, 'IGP'],
  ['udp', 17, 'UDP'],
  ['dccp', 33, 'DCCP'],
  ['ipv6', 41, 'IPv6'],
  ['ipv6-route', 43, 'IPv6-Route'],
  ['ipv6-frag', 44, 'IPv6-Frag'],
  ['rsvp', 46, 'RSVP'],
  ['gre', 47, 'GRE'],
  ['esp', 50, 'IPSEC-ESP'],
  ['ah', 51, 'IPSEC-AH'],
  ['ipv6-icmp', 58, 'IPv6-ICMP'],
  ['ipv6-nonxt', 59, 'IPv6-NoNxt'],
  ['ipv6-opts', 60, 'IPv6-Opts'],
  ['ospf', 89, 'OSPFIGP'],
  ['ipip', 94, 'IPIP'],
  ['pim', 103, 'PIM'],
  ['vrrp', 112, 'VRRP'],
  ['l2tp', 115, 'L2TP'],
  ['sctp', 132, 'SCTP'],
  ['udplite', 136, 'UDPLite'],
];

/** /etc/profile */
export const PROFILE = `# System-wide settings of login shells.
if [ "$(id -u)" -eq 0 ]; then
  PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
else
  PATH="/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"
fi
export PATH

if [ "\${PS1-}" ]; then
  if [ "\${BASH-}" ] && [ "$BASH" != "/bin/sh" ]; then
    if [ -f /etc/bash.bashrc ]; then
      . /etc/bash.bashrc
    fi
  else
    if [ "$(id -u)" -eq 0 ]; then
      PS1='# '
    else
      PS1='$ '
    fi
  fi
fi
`;

/** /etc/bash.bashrc */
export const BASH_BASHRC = `# System-wide settings of interactive bash shells.
[ -z "$PS1" ] && return
shopt -s checkwinsize
if [ -z "\${debian_chroot:-}" ] && [ -r /etc/debian_chroot ]; then
    debian_chroot=$(cat /etc/debian_chroot)
fi
PS1='\${debian_chroot:+($debian_chroot)}\\u@\\h:\\w\\$ '
`;

/** /root/.bashrc */
export const BASHRC = `# Settings of root's interactive shells.
PS1='\${debian_chroot:+($debian_chroot)}\\u@\\h:\\w\\$ '
export LS_OPTIONS='--color=auto'
alias ls='ls $LS_OPTIONS'
alias ll='ls $LS_OPTIONS -l'
alias l='ls $LS_OPTIONS -lA'
alias grep='grep --color=auto'
`;

/** /root/.profile */
export const DOT_PROFILE = `# Settings of root's login shells.
if [ "$BASH" ]; then
  if [ -f ~/.bashrc ]; then
    . ~/.bashrc
  fi
fi
`;

/** Who puts routes into the tables, by name (Debian's iproute2). */
const RT_PROTOS = `#
# Reserved protocols.
#
${[
  [0, 'unspec'],
  [1, 'redirect'],
  [2, 'kernel'],
  [3, 'boot'],
  [4, 'static'],
  [8, 'gated'],
  [9, 'ra'],
  [10, 'mrt'],
  [11, 'zebra'],
  [12, 'bird'],
  [13, 'dnrouted'],
  [14, 'xorp'],
  [15, 'ntk'],
  [16, 'dhcp'],
  [18, 'keepalived'],
  [42, 'babel'],
  [99, 'openr'],
  [186, 'bgp'],
  [187, 'isis'],
  [188, 'ospf'],
  [189, 'rip'],
  [192, 'eigrp'],
]
  .map((pair) => pair.join('\t'))
  .join('\n')}
`;

const OS_RELEASE = `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
HOME_URL="https://www.debian.org/"
SUPPORT_URL="https://www.debian.org/support"
BUG_REPORT_URL="https://bugs.debian.org/"
`;

/** Files below /etc and /usr/lib by absolute path. */
export function etcFiles(hostname: string): Record<string, string> {
  return {
    '/etc/passwd': USERS,
    '/etc/group': GROUPS.map(([name, gid]) => `${name}:x:${gid}:\n`).join(''),
    '/etc/hosts': `127.0.0.1\tlocalhost\n127.0.1.1\t${hostname}\n\n::1\tlocalhost ip6-localhost ip6-loopback\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n`,
    '/etc/hostname': `${hostname}\n`,
    '/etc/resolv.conf': '',
    '/etc/host.conf': 'multi on\n',
    '/etc/nsswitch.conf':
      'passwd:         files\ngroup:          files\nshadow:         files\n\nhosts:          files dns\nnetworks:       files\n\nprotocols:      db files\nservices:       db files\n',
    '/etc/services': SERVICES.flatMap(([name, port, protos, aliases]) =>
      protos
        .split(' ')
        .map((proto) => `${name}\t${name.length < 8 ? '\t' : ''}${port}/${proto}${aliases ? `\t\t${aliases}` : ''}\n`),
    ).join(''),
    '/etc/protocols': PROTOCOLS.map(([name, n, alias]) => `${name}\t${n}\t${alias}\n`).join(''),
    '/etc/networks': 'default\t\t0.0.0.0\nloopback\t127.0.0.0\nlink-local\t169.254.0.0\n',
    '/etc/iproute2/rt_tables':
      '#\n# reserved values\n#\n255\tlocal\n254\tmain\n253\tdefault\n0\tunspec\n#\n# local\n#\n#1\tinr.ruhep\n',
    '/etc/iproute2/rt_realms':
      '#\n# reserved values\n#\n0\tcosmos\n#\n# local\n#\n#1\tinr.ac\n#2\tinr.ruhep\n#3\tfreenet\n#4\tradio-msu\n#5\trussia\n#6\tinternet\n',
    '/etc/iproute2/rt_scopes':
      '#\n# reserved values\n#\n0\tglobal\n255\tnowhere\n254\thost\n253\tlink\n\n#\n# pseudo-reserved\n#\n200\tsite\n',
    '/etc/iproute2/rt_protos': RT_PROTOS,
    '/etc/iproute2/group': '# device group names\n0\tdefault\n',
    '/etc/ethertypes': 'IPv4\t\t0800\tip ip4\nARP\t\t0806\tether-arp\nIPv6\t\t86DD\tip6\n802_1Q\t\t8100\tvlan\n',
    '/etc/profile': PROFILE,
    '/etc/bash.bashrc': BASH_BASHRC,
    '/etc/issue': 'Debian GNU/Linux 12 \\n \\l\n\n',
    '/etc/issue.net': 'Debian GNU/Linux 12\n',
    '/etc/debian_version': '12.8\n',
    '/etc/shells': '# /etc/shells: valid login shells\n/bin/sh\n/usr/bin/sh\n/bin/bash\n/usr/bin/bash\n',
    '/etc/fstab':
      '# <file system> <mount point> <type> <options> <dump> <pass>\n/dev/vda1 / ext4 errors=remount-ro 0 1\n',
    '/etc/timezone': 'Etc/UTC\n',
    '/etc/machine-id': `${machineId(hostname)}\n`,
    '/etc/sysctl.conf': '# Settings that are made at boot; see sysctl.conf(5).\n#net.ipv4.ip_forward=1\n',
    '/etc/environment': '',
    '/etc/inputrc': 'set input-meta on\nset output-meta on\n',
    '/etc/motd': '',
    '/usr/lib/os-release': OS_RELEASE,
  };
}

/** Files of root's home directory. */
export function homeFiles(): Record<string, string> {
  return { '/root/.bashrc': BASHRC, '/root/.profile': DOT_PROFILE };
}

function machineId(name: string): string {
  let out = '';
  let h = 0x811c9dc5;
  for (let i = 0; out.length < 32; i++) {
    h = Math.imul(h ^ (name.charCodeAt(i % name.length) + i), 0x01000193) >>> 0;
    out += h.toString(16).padStart(8, '0');
  }
  return out.slice(0, 32);
}
