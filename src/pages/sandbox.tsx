import type { ReactNode } from 'react';
import Layout from '@theme/Layout';
export default function Sandbox(): ReactNode {
  return (
    <Layout title="Sandbox" noFooter>
      <main />
    </Layout>
  );
}
