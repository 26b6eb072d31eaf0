/** Makes bridges known as a kind of link. Imported for its effect. */
import { BridgeLink } from './bridge';
import { registerLinkKind } from './kinds';

registerLinkKind('bridge', {
  create(table, spec, origin) {
    const mac = table.validMac(spec.mac);
    const name = table.validName(spec.name ?? 'bridge%d');
    const index = table.reserveIndex(spec.index);
    const link = new BridgeLink(spec.ns ?? origin, name, index, mac ?? table.randomMac(), mac !== undefined);
    if (spec.kind === 'bridge' && spec.bridge) link.configure(spec.bridge as object);
    return table.finish(link, spec);
  },
});
