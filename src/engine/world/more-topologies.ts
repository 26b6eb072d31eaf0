/** The topologies beyond one host. Imported for its effect. */
import { lan } from './lan';
import { recorder } from './recorder';
import { TOPOLOGIES } from './topologies';
import { threeNodes, twoHosts } from './two-hosts';

Object.assign(TOPOLOGIES, { lan, 'two-hosts': twoHosts, 'three-nodes': threeNodes, recorder });
