import type { Machine } from '../host';
import { addCable, addCard, addHost, addSwitch, bootUp, INTERNET, nameHosts, writeFile } from './build';
import type { World } from './world';

const LAN_NAMES = [
  ['192.168.1.20', 'laptop'],
  ['192.168.1.30', 'desktop'],
  ['192.168.1.1', 'router'],
] as const;

const SITE = 'www.example.com';

const PAGE = `<!doctype html>
<title>Example</title>
<h1>Hello from the internet</h1>
<p>This page is served by ${SITE}.</p>
`;

/**
 * A small office: `laptop` (192.168.1.20) and `desktop` (192.168.1.30) on a switch, a Linux `router` (192.168.1.1) that hides them
 * behind 203.0.113.2, and 10 ms away `internet`, which is three things in one: the provider's gateway 203.0.113.1, the web server
 * www.example.com at 203.0.113.9, and the name server 203.0.113.53. It knows no way to private addresses.
 */
export function lan(world: World): void {
  const [laptop, desktop, router, internet] = ['laptop', 'desktop', 'router', 'internet'].map((name) =>
    addHost(world, name),
  ) as [Machine, Machine, Machine, Machine];
  addSwitch(world, 'lan', [addCard(laptop, 'eth0'), addCard(desktop, 'eth0'), addCard(router, 'eth0')]);
  addCable(addCard(router, 'eth1'), addCard(internet, 'eth0'), INTERNET);

  bootInternet(world, internet);
  bootRouter(world, router);
  for (const [address, name] of LAN_NAMES.slice(0, 2)) bootClient(world, world.machine(name), address);
  bootUp(world);
}

function bootInternet(world: World, machine: Machine): void {
  nameHosts(world, machine, []);
  writeFile(world, machine, '/var/www/html/index.html', PAGE);
  world.boot(
    machine,
    `ip link set lo up
    for a in 9 1 53; do ip addr add 203.0.113.$a/24 dev eth0; done
    ip link set eth0 up
    cd /var/www/html && setsid python3 -m http.server 80 > /var/log/www.log 2>&1 < /dev/null &`,
  );
  if (machine.programs.has('dnsmasq'))
    world.boot(machine, `dnsmasq --no-resolv --no-hosts --address=/${SITE}/203.0.113.9`);
}

function bootRouter(world: World, machine: Machine): void {
  known(world, machine);
  world.boot(
    machine,
    `ip link set lo up
    ip addr add 192.168.1.1/24 dev eth0; ip link set eth0 up
    ip addr add 203.0.113.2/24 dev eth1; ip link set eth1 up
    ip route add default via 203.0.113.1
    sysctl -qw net.ipv4.ip_forward=1`,
  );
  if (machine.programs.has('iptables'))
    world.boot(
      machine,
      `iptables -t nat -A POSTROUTING -s 192.168.1.0/24 -o eth1 -j MASQUERADE
      iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
      iptables -A FORWARD -i eth0 -o eth1 -j ACCEPT
      iptables -P FORWARD DROP`,
    );
}

function bootClient(world: World, machine: Machine, address: string): void {
  known(world, machine);
  world.boot(
    machine,
    `ip link set lo up
    ip addr add ${address}/24 dev eth0; ip link set eth0 up
    ip route add default via 192.168.1.1`,
  );
}

/** Names: those of the office in /etc/hosts, the world's from its name server. */
function known(world: World, machine: Machine): void {
  const served = machine.programs.has('dnsmasq');
  nameHosts(world, machine, served ? LAN_NAMES : [...LAN_NAMES, ['203.0.113.9', SITE]]);
  if (served) writeFile(world, machine, '/etc/resolv.conf', 'nameserver 203.0.113.53\n');
}
