/**
 * The course as data: six parts, 22 chapters, their order and whether they are written.
 * The sidebar, the landing page and the progress page read this file and nothing else, so they cannot disagree.
 */

/** One chapter of the course. */
export interface Chapter {
  /** Number in the course, 1 to 22. */
  readonly n: number;
  /** Full title, as on the chapter's own page. */
  readonly title: string;
  /** Title for narrow places (sidebar, previous and next). */
  readonly short: string;
  /** Folder below `docs/` and path below `course/`. */
  readonly slug: string;
  /** Reading and doing, in minutes. */
  readonly minutes: number;
  /** False until the chapter's folder exists; such a chapter is shown, never linked. */
  readonly written: boolean;
  /** Labs of the chapter, in the order of the text. Empty while unwritten. */
  readonly labs: readonly ChapterLab[];
}

/** A lab as the sidebar and the progress page name it. */
export interface ChapterLab {
  /** The lab file's id. */
  readonly id: string;
  readonly title: string;
}

/** One of the six parts. */
export interface Part {
  /** Letter A to F. */
  readonly letter: string;
  readonly title: string;
  readonly chapters: readonly Chapter[];
  /** A word for readers who may start here. */
  readonly enter?: string;
}

type Written = Pick<Chapter, 'labs'>;

function chapter(n: number, slug: string, title: string, minutes: number, written?: Written, short?: string): Chapter {
  return {
    n,
    slug,
    title,
    minutes,
    short: short ?? title.split(': ')[0] ?? title,
    written: written !== undefined,
    labs: written?.labs ?? [],
  };
}

/** The six parts in order. */
export const parts: readonly Part[] = [
  {
    letter: 'A',
    title: 'The problem',
    chapters: [
      chapter(1, 'part-a/01-one-job', 'One container, one job', 30),
      chapter(2, 'part-a/02-conversations', 'Three containers and the conversations between them', 35),
    ],
  },
  {
    letter: 'B',
    title: 'What a container network is made of',
    chapters: [
      chapter(3, 'part-b/03-namespaces-and-veth', 'A private network stack: namespaces and veth', 35, {
        labs: [
          { id: 'empty-stack', title: 'Empty stack' },
          { id: 'one-cable', title: 'One cable' },
          { id: 'other-end', title: 'Name the other end' },
          { id: 'visit', title: 'Visit' },
          { id: 'silent-cable', title: 'The silent cable' },
        ],
      }),
      chapter(4, 'part-b/04-bridge', 'Many containers, one host: bridge, ARP and routes', 35, {
        labs: [
          { id: 'two-cables', title: 'Two cables, one network' },
          { id: 'learning-switch', title: 'A switch of software' },
          { id: 'short-mask', title: 'Near or far' },
          { id: 'way-out', title: 'As far as the gateway' },
          { id: 'strangers', title: 'Strangers on one bridge' },
        ],
      }),
      chapter(5, 'part-b/05-nat', 'Getting out, letting in: forwarding, netfilter, NAT, conntrack', 40, {
        labs: [
          { id: 'out-in-three-steps', title: 'Out in three steps' },
          { id: 'letting-in', title: 'In, by another door' },
          { id: 'default-deny', title: 'Closed by default' },
          { id: 'half-published', title: 'Half published' },
        ],
      }),
    ],
  },
  {
    letter: 'C',
    title: 'Docker on one host',
    enter: 'Know Linux networking? Enter here.',
    chapters: [
      chapter(6, 'part-c/06-docker0', 'docker0 and its better sibling: default and user-defined bridges', 35),
      chapter(7, 'part-c/07-names', 'Names: /etc/hosts, resolv.conf and 127.0.0.11', 35),
      chapter(8, 'part-c/08-publishing', 'Publishing ports and the firewall you did not write', 60),
      chapter(9, 'part-c/09-drivers', 'Other ways to plug in: host, none, container, internal, macvlan, ipvlan', 35),
      chapter(10, 'part-c/10-compose', 'WordPress on Compose: tiers, order, and evidence', 40),
    ],
  },
  {
    letter: 'D',
    title: 'Across hosts',
    chapters: [
      chapter(11, 'part-d/11-two-hosts', 'Two hosts, no magic: routes first, tunnels second', 40, {
        labs: [
          { id: 'host-gw', title: 'Teach the hosts the way' },
          { id: 'by-hand', title: 'A tunnel by hand' },
          { id: 'room-for-the-coat', title: 'Room for the coat' },
          { id: 'third-host', title: 'The third host' },
        ],
      }),
      chapter(12, 'part-d/12-swarm', 'Docker’s own overlay: Swarm networks', 35, undefined, 'Docker’s own overlay'),
      chapter(
        13,
        'part-d/13-orchestrator',
        'What an orchestrator adds, and its extra layer of networking',
        30,
        undefined,
        'What an orchestrator adds',
      ),
    ],
  },
  {
    letter: 'E',
    title: 'Kubernetes networking',
    enter: 'Only Kubernetes? Read 5, 7 and 11 first.',
    chapters: [
      chapter(14, 'part-e/14-map', 'The map: nodes, kubelet, kube-proxy, DNS, and three address spaces', 35),
      chapter(15, 'part-e/15-pod', 'Container-to-container: the pod', 30),
      chapter(16, 'part-e/16-cni', 'Pod-to-pod and the CNI', 40),
      chapter(17, 'part-e/17-services', 'Service-to-pod: virtual addresses and who enforces them', 60),
      chapter(18, 'part-e/18-dns', 'Names in the cluster: CoreDNS, ndots and caching', 35),
      chapter(19, 'part-e/19-ingress', 'Internet-to-service: NodePort, LoadBalancer, Gateway', 40),
      chapter(20, 'part-e/20-control-plane', 'Cluster-to-master and master-to-cluster', 30),
      chapter(21, 'part-e/21-policy', 'Policy, isolation, encryption', 40),
    ],
  },
  {
    letter: 'F',
    title: 'Running it',
    chapters: [
      chapter(
        22,
        'part-f/22-packet-walk',
        'The packet walk: a method, a capstone, and “complex but not complicated”',
        60,
      ),
    ],
  },
];

/** All chapters in order. */
export const chapters: readonly Chapter[] = parts.flatMap((part) => part.chapters);

/** The first chapter a reader can open today. */
export const firstWritten: Chapter | undefined = chapters.find((c) => c.written);

/** Site path of a chapter, without the base URL. */
export function chapterPath(c: Chapter): string {
  return `/course/${c.slug}`;
}

/** The part a chapter belongs to. */
export function partOf(c: Chapter): Part {
  const part = parts.find((p) => p.chapters.includes(c));
  if (!part) throw new Error(`chapter ${c.n} is in no part`);
  return part;
}

/** The chapter whose folder holds the page at `path` (with or without a base URL in front), if any. */
export function chapterAt(path: string): Chapter | undefined {
  return chapters.find((c) => path.includes(`/${c.slug}`));
}
